"""The opponent in TensorFlow: one `tf.function` with constant shapes that makes the points, takes their gradients and
returns the sum, as an expert would write it by hand; nothing in it but the gradients.
"""

import numpy as np
import tensorflow as tf

from benchmarks.chunks import cut, pieces, probe, sizes
from benchmarks.timing import Contestant

_AXES = (1, 2, 3)


def finder(model, x):
    """A call that returns the predicted class of each row, (B,)."""
    predict = tf.function(lambda images: tf.argmax(model(images, training=False), axis=1))
    return lambda: predict(x)


def contestants(method, model, x, nsamples, jit=False):
    """All chunk sizes; the best one is the opponent.

    Args:
        method: "smoothgrad", "integrated_gradients" (from zero) or "integrated_gradients_uniform".
        model: The model.
        x: (B, H, W, C).
        nsamples: Gradients per row.
        jit: Whether XLA compiles the function.
    """
    return [
        Contestant(
            "bare",
            sizes(len(x), nsamples),
            lambda size, few, rows: loop(method, model, x[:rows], few, size, jit),
            find=finder(model, x),
            probe=probe(len(x), nsamples),
            core=True,
            label=lambda size: f"{size} at once",
        )
    ]


def loop(method, model, x, nsamples, size, jit=False):
    """A call that takes the class of each row, (B,), and returns the maps of `x`, (B, H, W, C)."""
    some, few = cut(len(x), nsamples, size)
    feed, points, finish = METHODS[method](x, nsamples)

    @tf.function(jit_compile=jit)
    def step(inputs, chosen, numbers):
        folded, factor = points(inputs, numbers)
        shape = folded.shape
        flat = tf.reshape(folded, [-1, *shape[2:]])
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(flat)
            scores = tf.gather(model(flat, training=False), tf.tile(chosen, [shape[0]]), axis=1, batch_dims=1)
        gradient = tf.reshape(tape.gradient(scores, flat), shape)
        return tf.reduce_sum(gradient if factor is None else gradient * factor, axis=0)

    feeds = [feed[samples] for samples in pieces(nsamples, few)]
    cuts = [(x[rows], rows) for rows in pieces(len(x), some)]

    def call(chosen):
        indices = [chosen[rows] for _, rows in cuts] if len(chosen) > some else [chosen]
        maps = [
            tf.add_n([step(inputs, index, numbers) for numbers in feeds])
            for (inputs, _), index in zip(cuts, indices, strict=True)
        ]
        return finish(maps[0] if len(maps) == 1 else tf.concat(maps, axis=0))

    return call


def _smoothgrad(x, nsamples):
    def points(inputs, numbers):
        sigma = 0.15 * (tf.reduce_max(inputs, _AXES, True) - tf.reduce_min(inputs, _AXES, True))
        return inputs + sigma * tf.random.normal([numbers.shape[0], *inputs.shape]), None

    return tf.zeros(nsamples), points, lambda total: total / nsamples


def _from_zero(x, nsamples):
    nodes, weights = np.polynomial.legendre.leggauss(nsamples)
    feed = tf.constant(np.stack([(nodes + 1) / 2, weights / 2], axis=1), x.dtype)

    def points(inputs, numbers):
        numbers = tf.reshape(numbers, [-1, 2, 1, 1, 1, 1])
        return numbers[:, 0] * inputs, numbers[:, 1]

    return feed, points, lambda total: total * x


def _from_uniform(x, nsamples):
    def points(inputs, numbers):
        low, high = tf.reduce_min(inputs, _AXES, True), tf.reduce_max(inputs, _AXES, True)
        baseline = low + (high - low) * tf.random.uniform([numbers.shape[0], *inputs.shape])
        step = inputs - baseline
        return baseline + tf.reshape(numbers, [-1, 1, 1, 1, 1]) * step, step

    return (tf.range(nsamples, dtype=x.dtype) + 0.5) / nsamples, points, lambda total: total / nsamples


METHODS = {
    "smoothgrad": _smoothgrad,
    "integrated_gradients": _from_zero,
    "integrated_gradients_uniform": _from_uniform,
}
