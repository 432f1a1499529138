"""Draw what the Trace shows of tables, signals and volumes into docs/inputs.png: python docs/make_inputs.py (a minute).

The table is scikit-learn's, of breast tumours. The signals and the volumes are made up, so that it is known where the
class stands: in the shape of a short wave in noise, and in whether a faint ball is there beside a bright one.
"""

from pathlib import Path

import fastestimator as fe
import numpy as np
import torch
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace.trace import Trace
from sklearn.datasets import load_breast_cancer
from torch import nn

from fe_saliency.display import write_png
from fe_saliency.trace import Saliency

METHODS = ["gradient", ("smoothgrad", 25), ("integrated_gradients", 50)]


def main():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    figures = [
        _figure(*_table(), lambda: nn.Sequential(nn.Linear(30, 16), nn.Tanh(), nn.Linear(16, 2)), signed=True),
        _figure(*_signals(rng), lambda: _convolutions(nn.Conv1d, 2, 9), signed=True),
        _figure(*_volumes(rng), lambda: _convolutions(nn.Conv3d, 1, 3), signed=False),
    ]
    width = max(figure.shape[1] for figure in figures)
    room = [((0, 0), (0, width - figure.shape[1]), (0, 0)) for figure in figures]
    pages = [np.pad(figure, each, constant_values=255) for figure, each in zip(figures, room, strict=True)]
    write_png(Path(__file__).parent / "inputs.png", np.concatenate(pages))


def _table():
    data = load_breast_cancer()
    x = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    names = {name: number for number, name in enumerate(data.target_names.tolist())}
    return x.astype("float32"), data.target, names, data.feature_names.tolist()


def _signals(rng, count=600, length=200):
    """Two channels; the class is told by a wave in the first: a step up and down, or down and up."""
    y = rng.integers(2, size=count)
    x = rng.normal(size=(count, 2, length)) * 0.3 + np.sin(np.arange(length) / 9 + rng.random((count, 2, 1)) * 6)
    places = np.arange(length) - rng.integers(40, length - 40, size=(count, 1))
    x[:, 0] += (1 - 2 * y[:, None]) * 2.5 * (places / 4) * np.exp(-((places / 4) ** 2) / 2)
    return x.astype("float32"), y, {"up, down": 1, "down, up": 0}, None


def _volumes(rng, count=400):
    """One bright ball in each; the class is whether there is a faint one, too, in the deeper half."""
    y = rng.integers(2, size=count)
    places = np.stack(np.mgrid[:12, :24, :24], axis=-1)

    def balls(low, high, radius):
        centre = rng.uniform(low, high, size=(count, 1, 1, 1, 3))
        return np.exp(-(((places - centre) / radius) ** 2).sum(axis=-1))

    x = balls([1, 5, 5], [4, 18, 18], [1.5, 4, 4]) + 0.7 * y[:, None, None, None] * balls([7, 5, 5], [10, 18, 18], 1.5)
    return (x + 0.1 * rng.random(x.shape))[:, None].astype("float32"), y, {"one ball": 0, "two balls": 1}, None


def _convolutions(conv, channels, size):
    pool = nn.AdaptiveMaxPool1d(1) if conv is nn.Conv1d else nn.AdaptiveMaxPool3d(1)
    first, second = (conv(one, other, size, padding=size // 2) for one, other in ((channels, 8), (8, 8)))
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), pool, nn.Flatten(), nn.Linear(8, 2))


def _figure(x, y, names, features, model_fn, signed):
    model = fe.build(model_fn=model_fn, optimizer_fn=lambda x: torch.optim.Adam(x, lr=5e-3))
    network = fe.Network(
        ops=[
            ModelOp(model, inputs="x", outputs="y_pred"),
            CrossEntropy(inputs=("y_pred", "y"), outputs="ce", from_logits=True),
            UpdateOp(model, loss_name="ce"),
        ]
    )
    trace = Saliency(
        model, "x", "y_pred", "y", label_mapping=names, samples=_two_of(x, y), mode="eval", methods=METHODS,
        signed=signed, feature_names=features, strict=True,
    )  # fmt: skip
    kept = Kept()
    data = fe.dataset.NumpyDataset({"x": x, "y": y})
    pipeline = fe.Pipeline(
        train_data=data, eval_data=fe.dataset.NumpyDataset({"x": x[:32], "y": y[:32]}), batch_size=32
    )
    fe.Estimator(pipeline, network, epochs=12, traces=[trace, kept], log_steps=0).fit()
    return kept.figure


def _two_of(x, y):
    rows = [int(np.flatnonzero(y == number)[0]) for number in (0, 1)]
    return {"x": x[rows], "y": y[rows]}


class Kept(Trace):
    """Takes the last figure."""

    def __init__(self):
        super().__init__(inputs=["*", "saliency"], mode="eval")

    def on_epoch_end(self, data):
        self.figure = data["saliency"].prepare()[0]


if __name__ == "__main__":
    main()
