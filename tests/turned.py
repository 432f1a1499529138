"""Models that take the layout that is not their framework's own: they turn their inputs and then are the usual one."""

import fastestimator as fe
import numpy as np
import tensorflow as tf
import torch

#: Where the channels are that such a model takes.
AXIS = {"tf": 1, "torch": -1}


def turned(backend, usual, optimizer=None):
    """A model around one that `fe.build` made, whose weights it shares; what has no channels is not turned."""
    return fe.build(lambda: {"tf": _keras, "torch": _Torch}[backend](usual), optimizer_fn=optimizer)


def other_layout(backend, array):
    """Tensors or arrays (B, ...) of the framework's own layout in the other one."""
    array = np.asarray(array)
    here, there = (-1, 1) if backend == "tf" else (1, -1)
    return np.moveaxis(array, here, there).copy() if array.ndim > 2 else array


def own_layout(backend, array):
    """The way back."""
    array = np.asarray(array)
    here, there = (1, -1) if backend == "tf" else (-1, 1)
    return np.moveaxis(array, here, there) if array.ndim > 2 else array


def _keras(usual):
    given, fed = [], []
    for each in usual.inputs:
        row = tuple(each.shape[1:])
        if len(row) == 1:
            given.append(tf.keras.Input(row, dtype=each.dtype))
            fed.append(given[-1])
        else:
            given.append(tf.keras.Input((row[-1], *row[:-1]), dtype=each.dtype))
            fed.append(tf.keras.layers.Permute((*range(2, len(row) + 1), 1), dtype=each.dtype)(given[-1]))
    return tf.keras.Model(given, usual(fed)) if len(given) > 1 else tf.keras.Model(given[0], usual(fed[0]))


class _Torch(torch.nn.Module):
    def __init__(self, usual):
        super().__init__()
        self.usual = usual

    def forward(self, inputs):
        several = isinstance(inputs, (list, tuple))
        fed = [torch.movedim(x, -1, 1) if x.ndim > 2 else x for x in (inputs if several else [inputs])]
        return self.usual(fed if several else fed[0])
