"""One training, in this process: `python -m benchmarks.memory_curve.train BACKEND {with,without} EPOCHS`.

Prints the resident memory at the end of each epoch, a line `MB 123.4`.
"""

import sys
import tempfile

import fastestimator as fe
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace.io import TensorBoard
from fastestimator.trace.trace import Trace

from benchmarks.epochs import _digits, _lenet
from benchmarks.memory import _megabytes
from fe_saliency.trace import Saliency
from fe_saliency.watch import Border, Corner


class Memory(Trace):
    """Reads the memory last of all traces."""

    def __init__(self):
        super().__init__(inputs="*", mode="eval")

    def on_epoch_end(self, data):
        print(f"MB {_megabytes('VmRSS'):.2f}", flush=True)


def main(backend, watched, epochs):
    fe.record_history(False)
    with tempfile.TemporaryDirectory() as folder:
        _estimator(backend, watched == "with", int(epochs), folder).fit(warmup=False)


def _estimator(backend, watched, epochs, folder):
    model = fe.build(model_fn=_lenet(backend), optimizer_fn="adam")
    data = fe.dataset.NumpyDataset(_digits(backend))
    held = data.split(0.2)
    traces = [TensorBoard(f"{folder}/board", write_graph=False, write_images="saliency" if watched else None), Memory()]
    if watched:
        traces.insert(0, _everything(model, f"{folder}/maps"))
    network = fe.Network(
        ops=[
            ModelOp(model=model, inputs="x", outputs="y_pred"),
            CrossEntropy(inputs=("y_pred", "y"), outputs="ce"),
            UpdateOp(model=model, loss_name="ce"),
        ]
    )
    pipeline = fe.Pipeline(train_data=data, eval_data=held, batch_size=64, num_process=0)
    return fe.Estimator(pipeline=pipeline, network=network, epochs=epochs, traces=traces, log_steps=0)


def _everything(model, folder):
    """The Trace with all its instruments."""
    return Saliency(
        model, "x", "y_pred", class_key="y", mode="eval", smoothing=16, integrating=(20, 4), samples=16, scale=1,
        measures=True, per_class=True, watch=[Corner("top left", 5), Border(2)],
        controls=("untrained", "randomised"), save_dir=folder,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
