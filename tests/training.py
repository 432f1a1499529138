"""A tiny training on either backend, for the tests of the Trace: images of 8x8, three classes, a few steps."""

import contextlib
import gc
import random

import fastestimator as fe
import numpy as np
import tensorflow as tf
import torch
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace.trace import Trace

from fe_saliency.trace import Saliency

fe.record_history(False)
CLASSES = 3


def seed_everything(seed=0):
    """All global generators, as a user would do it."""
    # FastEstimator collects garbage after every epoch: most of a tiny training, if it looks at all there is so far.
    gc.freeze()
    random.seed(seed)
    np.random.seed(seed)
    tf.random.set_seed(seed)
    torch.manual_seed(seed)


def images(backend, count=6, seed=0):
    """float32 images in [0, 1], (count, 8, 8, 1), or channels-first for torch."""
    found = np.random.default_rng(seed).random((count, 8, 8, 1), dtype=np.float32)
    return np.moveaxis(found, -1, 1).copy() if backend == "torch" else found


def labels(count=6):
    return np.arange(count) % CLASSES


def dataset(backend, count=6, seed=0, **more):
    """Images under "x" and classes under "y"; `more` replaces, adds or, with None, removes a key."""
    columns = {"x": images(backend, count, seed), "y": labels(count), **more}
    return fe.dataset.NumpyDataset({key: value for key, value in columns.items() if value is not None})


def classifier(backend, optimizer="sgd", outputs=CLASSES, shape=(8, 8, 1), seed=0, name=None):
    """A model of two dense layers: (B, 8, 8, 1) or (B, 1, 8, 8) to probabilities."""
    seed_everything(seed)

    def in_tf():
        keras = tf.keras.layers
        end = keras.Dense(outputs, activation="sigmoid" if outputs == 1 else "softmax")
        layers = [tf.keras.Input(shape), keras.Flatten(), keras.Dense(4, activation="tanh"), end]
        return tf.keras.Sequential(layers)

    def in_torch():
        nn = torch.nn
        end = nn.Sigmoid() if outputs == 1 else nn.Softmax(dim=1)
        return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 4), nn.Tanh(), nn.Linear(4, outputs), end)

    return fe.build(model_fn={"tf": in_tf, "torch": in_torch}[backend], optimizer_fn=optimizer, model_name=name)


def weights(model):
    """All numbers of a model, BatchNorm statistics included."""
    if isinstance(model, torch.nn.Module):
        return [tensor.detach().numpy().copy() for tensor in model.state_dict().values()]
    return model.get_weights()


def saliency(model, class_key="y", smoothing=0, integrating=0, **options):
    """The Trace at its cheapest: vanilla gradients of "x" only."""
    return Saliency(model, "x", "y_pred", class_key, smoothing=smoothing, integrating=integrating, **options)


def estimator(
    backend, model, traces, train=None, evaluation=None, test=None, epochs=2, ops=(), batch_size=4, loss_modes=None
):
    """Train on `train` (six rows by default), evaluate on `evaluation` and test on `test` if they are given."""
    pipeline = fe.Pipeline(
        train_data=dataset(backend) if train is None else train,
        eval_data=evaluation,
        test_data=test,
        batch_size=batch_size,
        ops=list(ops),
        num_process=0,
    )
    network = fe.Network(
        ops=[
            ModelOp(model=model, inputs="x", outputs="y_pred"),
            CrossEntropy(inputs=("y_pred", "y"), outputs="ce", mode=loss_modes or "train"),
            UpdateOp(model=model, loss_name="ce"),
        ]
    )
    return fe.Estimator(pipeline=pipeline, network=network, epochs=epochs, traces=traces, log_steps=0)


def drawn(model, trace, data, inputs="x", outputs="y_pred", batch_size=16):
    """The figures that the trace leaves of one run in test mode, without any training: {key: Display}."""
    network = fe.Network(ops=[ModelOp(model=model, inputs=inputs, outputs=outputs)])
    pipeline = fe.Pipeline(test_data=data, batch_size=batch_size, num_process=0)
    figures = Figures(*trace.outputs)
    fe.Estimator(pipeline=pipeline, network=network, epochs=1, traces=[trace, figures], log_steps=0).test()
    return figures.found.get(("test", 1), {})


class Figures(Trace):
    """Takes figures as the stock TensorBoard trace does: registered everywhere, demanding its keys everywhere.

    `found` holds {(mode, epoch): {key: Display}} of each epoch end at which there was one.
    """

    def __init__(self, *keys):
        self.keys = keys or ("saliency",)
        self.found = {}
        super().__init__(inputs=["*", *self.keys])

    def on_epoch_end(self, data):
        left = {key: data[key] for key in self.keys if data.get(key) is not None}
        if left:
            self.found[self.system.mode, self.system.epoch_idx] = left

    def displays(self, key="saliency"):
        return [displays[key] for displays in self.found.values() if key in displays]

    @property
    def places(self):
        return list(self.found)


class Stop(Exception):
    pass


class Die(Trace):
    """Stops the training in the middle of an epoch, as a power cut would."""

    def __init__(self, epoch):
        super().__init__(mode="train")
        self.epoch, self.epochs = epoch, []

    def on_epoch_begin(self, data):
        self.epochs.append(self.system.epoch_idx)
        if self.system.epoch_idx == self.epoch:
            raise Stop

    def __getstate__(self):
        return {}  # nothing for RestoreWizard


def titles(display):
    """The titles of all columns of a figure's first section."""
    return [column.title for column in display.sections[0].columns]


def column(display, title, section=0):
    """The column whose title begins with `title`."""
    return next(each for each in display.sections[section].columns if each.title.startswith(title))


def contents(column):
    """What a column shows: the texts, or the pictures as an array."""
    for name in ("texts", "images", "masks"):
        if hasattr(column, name):
            return getattr(column, name)
    raise TypeError(column)


@contextlib.contextmanager
def calls_of(owner, name):
    """A list that grows by one entry at every call of `owner.name`."""
    calls, original = [], getattr(owner, name)

    def counted(*args, **kwargs):
        calls.append(args)
        return original(*args, **kwargs)

    setattr(owner, name, counted)
    try:
        yield calls
    finally:
        setattr(owner, name, original)
