"""Models of 8x8 images that read one place and nothing else, so that what they say without it is known."""

import fastestimator as fe
import numpy as np
import tensorflow as tf
import torch

GAIN = 4.0


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def reader(backend, place, end="softmax", gain=GAIN):
    """The probability of class 1 is sigmoid(gain * (m - 1/2)), m the mean of `place`, bool (8, 8).

    `end`: "softmax" and "logits" have two units, "sigmoid" and "logit" one, and "sigmoids" two that do not sum to 1.
    """
    units = 1 if end in ("sigmoid", "logit") else 2
    weight, bias = np.zeros((64, units), np.float32), np.zeros(units, np.float32)
    weight[place.ravel(), -1] = gain / place.sum()
    bias[-1] = -gain / 2
    activation = {"softmax": "softmax", "sigmoid": "sigmoid", "sigmoids": "sigmoid"}.get(end)

    def in_tf():
        dense = tf.keras.layers.Dense(units, activation=activation)
        model = tf.keras.Sequential([tf.keras.Input((8, 8, 1)), tf.keras.layers.Flatten(), dense])
        dense.set_weights([weight, bias])
        return model

    def in_torch():
        dense = torch.nn.Linear(64, units)
        with torch.no_grad():
            dense.weight.copy_(torch.from_numpy(weight.T.copy()))
            dense.bias.copy_(torch.from_numpy(bias))
        ends = {"softmax": torch.nn.Softmax(dim=1), "sigmoid": torch.nn.Sigmoid(), None: torch.nn.Identity()}
        return torch.nn.Sequential(torch.nn.Flatten(), dense, ends[activation])

    return fe.build(model_fn={"tf": in_tf, "torch": in_torch}[backend], optimizer_fn=None)


def images(backend, mask, inside=1.0, outside=0.0, count=3):
    """(count, 8, 8, 1) or channels-first, `inside` where `mask`, (8, 8) or (count, 8, 8), and `outside` elsewhere."""
    found = np.where(np.broadcast_to(mask, (count, 8, 8)), inside, outside).astype(np.float32)
    return found[:, None] if backend == "torch" else found[..., None]
