"""What `import fe_saliency` costs beyond `import fastestimator`, in fresh processes."""

import subprocess
import sys

from benchmarks.timing import spread

_CLOCK = """
import time
import fastestimator
{before}
start = time.perf_counter()
{after}
print("took", time.perf_counter() - start)
"""

#: label -> (what is imported beforehand, beside fastestimator; what is timed)
CASES = {
    "import fe_saliency": ("", "import fe_saliency"),
    "from fe_saliency import SaliencyNet": (
        "from fastestimator.xai import SaliencyNet",
        "from fe_saliency import SaliencyNet",
    ),
    "from fe_saliency.trace import Saliency": (
        "from fastestimator.trace.xai import Saliency",
        "from fe_saliency.trace import Saliency",
    ),
}


def run(options):
    """Seconds of each import.

    The second and third come after FastEstimator's own class of that name, which loads the frameworks.
    """
    return {label: spread([_once(*case) for _ in range(options.rounds + 2)]) for label, case in CASES.items()}


def _once(before, after):
    code = _CLOCK.format(before=before, after=after)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split("took")[1])
