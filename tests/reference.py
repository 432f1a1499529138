"""Every method once more, slowly, in NumPy: after the definitions, one row and one sample at a time, channels-last.

A scorer `s` takes the inputs of one row M times, a list of (M, ...), and gives M scores. A method takes a scorer and
the inputs of one row, a list of (...), and gives one map for each. Only the random numbers come from the package.
"""

import itertools
from functools import partial

import numpy as np
from models import Activation, Conv, Dense, Flatten, GlobalAverage, Pool, Spec, input_keys, spec

from fe_saliency import patterns

STEP = 1e-5


def outputs(kind, inputs, described=None):
    """The model's outputs, a list of (M, N), for inputs [(M, ...)]; `described`: the model with other weights."""
    described = described or spec(kind)
    ends = [_through(array, layers) for array, layers in zip(inputs, described.branches, strict=True)]
    return [_through(np.concatenate(ends, axis=-1), layers) for layers in described.heads]


def predictions(kind, inputs, threshold=0.5):
    """The decided classes of every output, a list of (M,)."""
    return [
        (units[:, 0] > threshold).astype(int) if units.shape[1] == 1 else units.argmax(axis=1)
        for units in outputs(kind, inputs)
    ]


def on_scale(units, score, probabilities):
    """Outputs (M, N >= 2) on a scale; `probabilities`: whether the model ends in softmax."""
    if score == "output":
        return units
    logs = np.log(units) if probabilities else units - np.log(np.exp(units).sum(axis=1, keepdims=True))
    if score == "logit":
        return logs - logs.mean(axis=1, keepdims=True) if probabilities else units
    return logs if score == "log_probability" else np.exp(logs)


def chosen(units, index, score, probabilities):
    """The score (M,) of class `index` of outputs (M, N) or (M, 1)."""
    if units.shape[1] > 1:
        return on_scale(units, score, probabilities)[:, index]
    y = units[:, 0]
    if score == "log_probability":
        return np.log(y if index == 1 else 1 - y)
    return y if index == 1 else -y


def scorer(kind, classes, score="output"):
    """s(x) of one row: the sum, over the outputs, of the score of the class in `classes`."""
    probabilities = kind in ("softmax_mlp", "saturated")

    def s(inputs, described=None):
        units = outputs(kind, inputs, described)
        return sum(chosen(each, index, score, probabilities) for each, index in zip(units, classes, strict=True))

    s.kind = kind
    return s


def activation(kind, inputs, place):
    """What a layer of a model of one branch gives for inputs (M, ...)."""
    return _through(inputs, spec(kind).branches[0][: place + 1])


def scorer_from(kind, place, index):
    """s(h) of one row as a function of what that layer gives."""
    described = spec(kind)
    return lambda inputs: _through(inputs[0], (*described.branches[0][place + 1 :], *described.heads[0]))[:, index]


def gradient(s, inputs):
    """ds/dx_i by central differences."""
    found = []
    for slot, array in enumerate(inputs):
        steps = STEP * np.eye(array.size).reshape(-1, *array.shape)
        ends = []
        for moved in (array + steps, array - steps):
            row = [np.repeat(other[None], array.size, axis=0) for other in inputs]
            row[slot] = moved
            ends.append(s(row))
        found.append(((ends[0] - ends[1]) / (2 * STEP)).reshape(array.shape))
    return found


def smoothed(s, inputs, inside, statistic, nsamples, spread, seed=0):
    """The statistic over k of inside(s, x + sigma eps_k), sigma = spread (max - min) of this row of this input.

    For "mean" and "squares" samples are pairs (+eps_j, -eps_j), and an odd one left over is the clean input.
    """
    values = []
    for k in range(nsamples):
        noisy = []
        for index, x in enumerate(inputs):
            sigma = spread * (x.max() - x.min())
            if statistic == "variance":
                eps = _normal(seed, index, k, x.shape)
            elif k == nsamples - 1 and nsamples % 2:
                eps = 0
            else:
                eps = (1 if k % 2 == 0 else -1) * _normal(seed, index, k // 2, x.shape)
            noisy.append(x + sigma * eps)
        values.append(inside(s, noisy))
    return [_reduced(np.stack(samples), statistic) for samples in zip(*values, strict=True)]


def over_weights(s, inputs, inside, nsamples, stdev, seed=0):
    """The mean over k of inside(s of a model with weights w (1 + stdev eta_k), inputs, the seed inside of k).

    Pairs (+eta_j, -eta_j) as in `smoothed`; one left over is the model itself.
    """
    found = []
    for k in range(nsamples):
        sign = 0 if k == nsamples - 1 and nsamples % 2 else (-1) ** k
        noisy = partial(s, described=_noisy(spec(s.kind), sign * stdev, seed, k // 2))
        found.append(inside(noisy, inputs, patterns.reseeded(seed, k)))
    return [np.mean(each, axis=0) for each in zip(*found, strict=True)]


def _noisy(described, size, seed, sample):
    """The model with all its weights times 1 + size * eta, counted from the input."""
    numbers = itertools.count()

    def times(array):
        eta = patterns.weight_noise(seed, next(numbers), sample, array.shape, range(array.ndim))
        return array * (1 + size * eta.astype(float))

    def noisy(layer):
        return type(layer)(*map(times, vars(layer).values())) if isinstance(layer, (Dense, Conv)) else layer

    parts = [tuple(tuple(map(noisy, layers)) for layers in each) for each in (described.branches, described.heads)]
    return Spec(described.inputs, *parts)


def integrated(s, inputs, baselines, nsamples, rule="midpoint"):
    """(x - b) * integral over a of g(b + a (x - b)), by a rule on [0, 1]; one baseline (...) for each input.

    "midpoint": the middles of equal parts; "gauss_legendre": the nodes on [-1, 1], moved.
    """
    at, weights = [(2 * k + 1) / (2 * nsamples) for k in range(nsamples)], [1 / nsamples] * nsamples
    if rule == "gauss_legendre":
        nodes, doubled = np.polynomial.legendre.leggauss(nsamples)
        at, weights = (1 + nodes) / 2, doubled / 2
    total = [np.zeros(x.shape) for x in inputs]
    for here, weight in zip(at, weights, strict=True):
        points = [b + here * (x - b) for x, b in zip(inputs, baselines, strict=True)]
        for sum_, g in zip(total, gradient(s, points), strict=True):
            sum_ += weight * g
    return [(x - b) * mean for x, b, mean in zip(inputs, baselines, total, strict=True)]


def drawn_baselines(clean, sample, seed=0):
    """Uniform in the row's own [min, max]; one for each input. An odd sample is the one before it, top to bottom."""
    found = []
    for index, x in enumerate(clean):
        first = sample - sample % 2
        share = patterns.uniform(seed, index, [first], x.shape, -1)[0].astype(float)
        low, high = x.min(), x.max()
        drawn = low + (high - low) * share
        found.append(drawn if sample == first else low + high - drawn)
    return found


def random_integrated(s, inputs, clean, nsamples, seed=0):
    """The mean over k of (x - b_k) g(b_k + a_k (x - b_k)), a_k the middle of the k-th of K parts of the path.

    `clean`: the rows whose ranges the baselines have, which are `inputs` unless these are noisy copies.
    """
    total = [np.zeros(x.shape) for x in inputs]
    for k in range(nsamples):
        baselines, at = drawn_baselines(clean, k, seed), (k + 0.5) / nsamples
        differences = [x - b for x, b in zip(inputs, baselines, strict=True)]
        points = [b + at * difference for b, difference in zip(baselines, differences, strict=True)]
        for sum_, g, difference in zip(total, gradient(s, points), differences, strict=True):
            sum_ += g * difference / nsamples
    return total


def over_rows(kind, rows, classes, explain, score="output"):
    """{input key: (B, ...)}: `explain(s, inputs)` of every row; `classes`: one (B,) for each output."""
    keys = input_keys(kind)
    found = []
    for row in range(len(rows[keys[0]])):
        s = scorer(kind, [index[row] for index in classes], score)
        found.append(explain(s, [rows[key][row].astype(float) for key in keys]))
    return {key: np.stack(each) for key, each in zip(keys, zip(*found, strict=True), strict=True)}


def _normal(seed, index, sample, shape):
    return patterns.normal(seed, index, [sample], shape, -1)[0].astype(float)


def _reduced(samples, statistic):
    if statistic == "variance":
        return ((samples - samples.mean(axis=0)) ** 2).sum(axis=0) / (len(samples) - 1)
    return (samples**2 if statistic == "squares" else samples).mean(axis=0)


def _through(array, layers):
    for layer in layers:
        array = _STEPS[type(layer)](array, layer)
    return array


def _dense(array, layer):
    return array @ layer.weight + layer.bias


def _conv(array, layer):
    height, width = (size + 1 - layer.kernel.shape[0] for size in array.shape[1:3])
    parts = (
        array[:, i : i + height, j : j + width] @ layer.kernel[i, j]
        for i in range(layer.kernel.shape[0])
        for j in range(layer.kernel.shape[1])
    )
    return sum(parts) + layer.bias


def _pool(array, layer):
    many, height, width, channels = array.shape
    cells = array.reshape(many, height // 2, 2, width // 2, 2, channels)
    return cells.max(axis=(2, 4)) if layer.name == "max" else cells.mean(axis=(2, 4))


def _activation(array, layer):
    if layer.name == "softmax":
        powers = np.exp(array - array.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    return {
        "tanh": np.tanh,
        "softplus": lambda x: np.logaddexp(0, x),
        "relu": lambda x: np.maximum(x, 0),
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "square": np.square,
    }[layer.name](array)


_STEPS = {
    Dense: _dense,
    Conv: _conv,
    Pool: _pool,
    Activation: _activation,
    Flatten: lambda array, layer: array.reshape(len(array), -1),
    GlobalAverage: lambda array, layer: array.mean(axis=(1, 2)),
}
