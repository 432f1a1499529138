"""What the Saliency Trace takes of an epoch, its figure in TensorBoard included: ours against FastEstimator's.

And what ours takes of a share of the training time.
"""

import tempfile
import time

import fastestimator as fe
import numpy as np
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace.io import TensorBoard
from fastestimator.trace.xai import Saliency as TheirSaliency
from sklearn.datasets import load_digits

from benchmarks.timing import clock, ratios, spread
from fe_saliency.display import SaliencyDisplay
from fe_saliency.trace import Saliency

DIGITS = 5
_PICTURES = 10
#: The `budget` that is tried, and the training steps of an epoch of which it is a share.
_SHARE, _STEPS = 0.3, 200
_HOOKS = ("on_begin", "on_epoch_begin", "on_batch_end", "on_epoch_end")


def run(options, backend):
    """Seconds per epoch of both Traces, and of their figures alone; and how much of a budget ours spends.

    The two take turns, training by training. Of FastEstimator's on TensorFlow, which takes a minute or more, one epoch
    is run. The first epoch of ours, which builds graphs, is told apart.
    """
    costs = {"smoothing": 3, "integrating": (4, 2)} if options.quick else {}
    slow = backend == "tf"
    taken = {"ours": [], "first": [], "theirs": []}
    pairs = []
    spent = _spent(backend, 20 if options.quick else _STEPS)  # First: what ran before makes a first epoch shorter.
    displays, board = {}, None
    for _ in range(2 if slow and not options.quick else 1 if options.quick else options.rounds):
        watch, _, _ = _train(backend, TheirSaliency, 1 if slow else 2, costs)
        theirs, displays["theirs"] = watch.epochs[0 if slow else 1 :], watch.display
        watch, _, board = _train(backend, Saliency, 4, costs)
        (first, *ours), displays["ours"] = watch.epochs, watch.display
        taken["theirs"] += theirs
        taken["ours"] += ours
        taken["first"].append(first)
        pairs += [(a, b) for a in theirs for b in ours]  # of trainings that stood side by side
    figures = _figures(displays, board, options.rounds if options.quick else _PICTURES)
    return {
        "epoch": {name: spread(values) for name, values in taken.items()},
        "theirs_over_ours": ratios(*zip(*pairs, strict=True)),
        "figure": {name: spread(values) for name, values in figures.items()},
        "figure_theirs_over_ours": ratios(figures["theirs"], figures["ours"]),
        "figure_theirs_over_drawn": ratios(figures["theirs"], figures["drawn"]),
        "spent_over_budget": spread(spent),
    }


def _spent(backend, steps):
    """The seconds of our Trace in each epoch but the first over those that its budget, a share, allows."""
    watch, trace, _ = _train(backend, Saliency, 5, {"budget": _SHARE}, steps)
    return [seconds / trace.budget.allowed for seconds in watch.traces[1:]]


def _train(backend, trace_class, epochs, costs, steps=2):
    """The watch over the two Traces, and these: the one of maps, and TensorBoard."""
    model = fe.build(model_fn=_lenet(backend), optimizer_fn="adam")
    data = fe.dataset.NumpyDataset(_digits(backend))
    trace = trace_class(model, model_inputs="x", model_outputs="y_pred", class_key="y", samples=DIGITS, **costs)
    board = TensorBoard(log_dir=tempfile.mkdtemp(), write_graph=False, write_images="saliency")
    watch = _Watch()
    # FastEstimator demands the keys of TensorBoard in every mode that it runs in.
    board.mode = {"eval"}
    for each, hooks in ((trace, _HOOKS), (board, ("on_epoch_end",))):
        for hook in hooks:
            watch.clock(each, hook)
    estimator = fe.Estimator(
        pipeline=fe.Pipeline(train_data=data, eval_data=data, batch_size=DIGITS, num_process=0),
        network=fe.Network(
            ops=[
                ModelOp(model=model, inputs="x", outputs="y_pred"),
                CrossEntropy(inputs=("y_pred", "y"), outputs="ce"),
                UpdateOp(model=model, loss_name="ce"),
            ]
        ),
        epochs=epochs,
        traces=[trace, board],
        train_steps_per_epoch=steps,
        eval_steps_per_epoch=1,
        log_steps=0,
    )
    estimator.fit(warmup=False)
    return watch, trace, board


class _Watch:
    """Adds up what hooks take, epoch by epoch.

    Attributes:
        epochs: Seconds of the Trace and of TensorBoard.
        traces: Those of the Trace alone.
        display: The last figure.
    """

    def __init__(self):
        self.epochs, self.traces = [], []
        self.display = None
        self._running = 0.0

    def clock(self, trace, hook):
        inner = getattr(trace, hook)

        def clocked(data):
            if trace.system.mode != "eval":
                return inner(data)
            if isinstance(trace, TensorBoard):  # the last to run
                self.traces.append(self._running)
            start = time.perf_counter()
            inner(data)
            self._running += time.perf_counter() - start
            if isinstance(trace, TensorBoard):
                self.display = data["saliency"]
                self.epochs.append(self._running)
                self._running = 0.0

        setattr(trace, hook, clocked)


def _figures(displays, board, rounds):
    """Seconds from the finished maps to the picture in TensorBoard's file; and from ours when it is drawn already."""
    writer = type(board.writer)(tempfile.mkdtemp(), "figures", board.system.network)

    def write(display):
        writer.write_images(mode="eval", images=[("saliency", display)], step=1)
        writer.flush()  # A thread writes the file: waited for, or it would slow down whoever is clocked next.

    found = {"theirs": [], "ours": [], "drawn": []}
    for _ in range(rounds + 1):
        found["theirs"].append(clock(lambda: write(displays["theirs"])))
        # A new one each time, for a display keeps what it has drawn.
        found["ours"].append(clock(lambda: write(SaliencyDisplay(displays["ours"].sections))))
        found["drawn"].append(clock(lambda: write(displays["ours"])))
    writer.close()
    return {name: seconds[1:] for name, seconds in found.items()}


def _lenet(backend):
    if backend == "tf":
        from fastestimator.architecture.tensorflow import LeNet
    else:
        from fastestimator.architecture.pytorch import LeNet
    return LeNet


def _digits(backend):
    digits = load_digits()
    images = np.pad(np.kron(digits.images / 16, np.ones((1, 3, 3))), ((0, 0), (2, 2), (2, 2))).astype(np.float32)
    return {"x": images[..., None] if backend == "tf" else images[:, None], "y": digits.target}
