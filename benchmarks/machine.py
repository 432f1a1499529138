"""What the numbers were measured on and with."""

import os
import platform
from importlib import metadata

PACKAGES = (
    "fe_saliency",
    "fastestimator",
    "torch",
    "tensorflow",
    "numpy",
    "captum",
    "saliency",
    "xplique",
    "tf-explain",
)


def describe(backend=None):
    """Processor, threads and versions; the threads of `backend` as it stands in this process."""
    found = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in PACKAGES},
    }
    if backend == "torch":
        import torch

        found["threads"] = f"{torch.get_num_threads()} in an operation"
    elif backend == "tf":
        import tensorflow as tf

        threading = tf.config.threading
        inner, outer = threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()
        # 0 leaves it to the environment, or else to the number of cores.
        inner = inner or os.environ.get("TF_NUM_INTRAOP_THREADS", found["cores"])
        outer = outer or os.environ.get("TF_NUM_INTEROP_THREADS", found["cores"])
        found["threads"] = f"{inner} in an operation, {outer} operations at once"
    return found


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
