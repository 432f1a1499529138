"""s(x) = sum_i w_i tanh(x_i) for class 0: whatever the path, element i is attributed w_i (tanh(x_i) - tanh(b_i))."""

from functools import cache

import fastestimator as fe
import numpy as np
import tensorflow as tf
import torch

from fe_saliency import SaliencyNet

SHAPE = (7, 6, 2)
WEIGHT = np.random.default_rng(0).normal(size=SHAPE)
X = np.random.default_rng(1).normal(size=(3, *SHAPE))


class _Torch(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.from_numpy(WEIGHT))

    def forward(self, x):
        score = (torch.tanh(x.permute(0, 2, 3, 1)) * self.weight).sum(dim=(1, 2, 3))
        return torch.stack([score, -score], dim=1)


class _Layer(tf.keras.layers.Layer):
    def build(self, shape):
        self.weight = self.add_weight("weight", SHAPE, "float64", tf.constant_initializer(WEIGHT))

    def call(self, x):
        score = tf.reduce_sum(tf.tanh(x) * self.weight, axis=(1, 2, 3))
        return tf.stack([score, -score], axis=1)


@cache
def net(backend):
    """A SaliencyNet of the model."""

    def in_tf():
        return tf.keras.Sequential([tf.keras.Input(SHAPE, dtype="float64"), _Layer(dtype="float64")])

    return SaliencyNet(fe.build(model_fn={"torch": _Torch, "tf": in_tf}[backend], optimizer_fn=None), "x", "y")


def expected(baseline):
    """What each element is attributed."""
    return WEIGHT * (np.tanh(X) - np.tanh(baseline))
