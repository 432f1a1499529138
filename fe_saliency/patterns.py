"""Random patterns that are the same on every backend, device and chunking.

NumPy's Philox is keyed by (seed, stream, input index) and its counter starts at the sample number, so each pattern is a
pure function of those four numbers: no global generator is read or moved, and what is kept here can only save time. A
pattern has the shape of one row and serves every row of a batch; it is drawn in channels-last order and in single
precision, then transposed for channels-first models, so that both frameworks see the same numbers at the same pixel and
channel.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from math import prod
from threading import Lock
from typing import Any

import numpy as np

NOISE, BASELINE, WEIGHTS, ORDER = 0, 1, 2, 3  # streams
WEIGHT_NOISE, SEEDS = 16, 17


def generator(seed: int, stream: int, index: int, sample: int = 0) -> np.random.Generator:
    """The generator of one sample of a stream; `index` tells what is drawn in it, a model input or a layer."""
    key = np.array([seed, (stream << 32) | index], np.uint64)
    counter = np.array([0, 0, 0, sample], np.uint64)
    return np.random.Generator(np.random.Philox(counter=counter, key=key))


def normal(seed: int, index: int, samples: Sequence[int], row: Sequence[int], channel_axis: int) -> np.ndarray:
    """Standard normal patterns of the noise stream.

    Args:
        seed: The seed, 0 to 2 ** 64 - 1.
        index: Which model input, counted from 0.
        samples: The sample numbers to draw, K of them.
        row: The shape of one row in the model's own layout, without the batch axis.
        channel_axis: The channel axis of a batch in that layout: 1 (channels-first) or -1 (channels-last).

    Returns:
        float32 of shape (K, *row).
    """
    return _draw("normal", seed, NOISE, index, samples, row, channel_axis)


def noise(
    seed: int,
    index: int,
    samples: range,
    nsamples: int,
    row: Sequence[int],
    channel_axis: int,
    antithetic: bool,
    scale: float = 1.0,
) -> np.ndarray:
    """Noise of the samples number `samples` out of `nsamples`; other arguments and shape as in `normal`.

    It is `scale` times standard normal. Antithetic samples 2j and 2j + 1 are pattern j and its mirror image, and an odd
    last one is zero: the clean input.
    """
    if not antithetic:
        return _draw("normal", seed, NOISE, index, samples, row, channel_axis, [scale] * len(samples))
    pairs = [sample // 2 for sample in samples]
    signs = [mirrored(sample, nsamples) for sample in samples]
    return _draw("normal", seed, NOISE, index, pairs, row, channel_axis, [scale * sign for sign in signs])


def mirrored(sample: int, nsamples: int) -> int:
    """The sign of an antithetic sample: 1, -1 for its mirror image, 0 for an odd last one."""
    return 0 if sample == nsamples - 1 and sample % 2 == 0 else (-1) ** sample


def uniform(seed: int, index: int, samples: range, row: Sequence[int], channel_axis: int) -> np.ndarray:
    """Patterns uniform in [0, 1] of the baseline stream; arguments and shape as in `normal`.

    Samples 2j and 2j + 1 are pattern j and its mirror image, 1 - pattern: antithetic, as in `noise`.
    """
    pairs = [sample // 2 for sample in samples]
    signs = [(-1) ** sample for sample in samples]
    return _draw("uniform", seed, BASELINE, index, pairs, row, channel_axis, signs, about=1.0)


def gaussian(
    seed: int, index: int, samples: range, row: Sequence[int], channel_axis: int, scale: float = 1.0
) -> np.ndarray:
    """Patterns of the baseline stream, `scale` times standard normal; arguments, shape and pairs as in `uniform`."""
    pairs = [sample // 2 for sample in samples]
    factors = [scale * (-1) ** sample for sample in samples]
    return _draw("normal", seed, BASELINE, index, pairs, row, channel_axis, factors)


def shuffled(seed: int, samples: range, count: int) -> np.ndarray:
    """A number below `count` for each sample: all of them in a random order, then in another, and so on; int64 (K,)."""
    orders = {turn: _KEPT.get(("order", seed, turn, count), _order) for turn in {each // count for each in samples}}
    return np.array([orders[each // count][each % count] for each in samples], np.int64)


def _order(kind: str, seed: int, turn: int, count: int) -> np.ndarray:
    return generator(seed, ORDER, 0, turn).permutation(count)


def weight_noise(seed: int, number: int, sample: int, shape: Sequence[int], axes: Sequence[int]) -> np.ndarray:
    """A standard normal pattern for one weight tensor: float32 of `shape`, not to be changed.

    Args:
        seed: The seed, 0 to 2 ** 64 - 1.
        number: Which weight tensor, counted from the input side.
        sample: The sample number.
        shape: The shape in the model's own layout.
        axes: Its axes in the order of channels-last frameworks, in which it is drawn.
    """
    return _KEPT.get(("weight", seed, number, sample, tuple(shape), tuple(axes)), _weight)


def reseeded(seed: int, sample: int) -> int:
    """A seed for what stands inside a sample; sample 0 keeps `seed`."""
    return int(generator(seed, SEEDS, 0, sample).integers(2**64, dtype=np.uint64)) if sample else seed


def _draw(
    kind: str,
    seed: int,
    stream: int,
    index: int,
    samples: Sequence[int],
    row: Sequence[int],
    channel_axis: int,
    factors: Sequence[float] | None = None,
    about: float = 0.0,
) -> np.ndarray:
    """Patterns times their factors; what has a negative one is mirrored, so that it and the pattern sum to `about`.

    What is not large is kept as a whole: nobody may change it.
    """
    channels_first = channel_axis == 1 and len(row) > 1
    shape: tuple[int, ...] = (*row[1:], row[0]) if channels_first else tuple(row)
    times = tuple([1.0] * len(samples) if factors is None else factors)
    key = (kind, seed, stream, index, tuple(samples), shape, channels_first, times, about)
    large = 4 * len(samples) * prod(shape) > _KEPT.limit // 4
    return _together(*key) if large else _KEPT.get(key, _together)


def _together(
    kind: str,
    seed: int,
    stream: int,
    index: int,
    samples: Sequence[int],
    shape: tuple[int, ...],
    channels_first: bool,
    factors: Sequence[float],
    about: float,
) -> np.ndarray:
    patterns = np.empty((len(samples), *shape), np.float32)
    for slot, (sample, factor) in enumerate(zip(samples, factors, strict=True)):
        np.multiply(_KEPT.get((kind, seed, stream, index, sample, shape), _one), factor, out=patterns[slot])
        if factor < 0 and about:
            patterns[slot] += about
    return np.moveaxis(patterns, -1, 1) if channels_first else patterns


def _one(kind: str, seed: int, stream: int, index: int, sample: int, shape: tuple[int, ...]) -> np.ndarray:
    rng = generator(seed, stream, index, sample)
    return rng.standard_normal(shape, np.float32) if kind == "normal" else rng.random(shape, np.float32)


def _weight(
    kind: str, seed: int, number: int, sample: int, shape: tuple[int, ...], axes: tuple[int, ...]
) -> np.ndarray:
    drawn = generator(seed, WEIGHT_NOISE, number, sample).standard_normal([shape[axis] for axis in axes], np.float32)
    return np.ascontiguousarray(drawn.transpose(np.argsort(axes)))


class _Kept:
    """The patterns that were used last: every batch and every epoch asks for the same ones again."""

    def __init__(self, limit: int) -> None:
        self.limit = limit  # bytes
        self.size = 0
        self.patterns: OrderedDict[tuple[Any, ...], np.ndarray] = OrderedDict()
        self.lock = Lock()

    def get(self, key: tuple[Any, ...], make: Callable[..., np.ndarray]) -> np.ndarray:
        """The pattern of `key`, made by `make(*key)` if it is not here."""
        with self.lock:
            if key in self.patterns:
                self.patterns.move_to_end(key)
                return self.patterns[key]
        made = make(*key)
        with self.lock:
            if key not in self.patterns and made.nbytes <= self.limit:
                self.patterns[key] = made
                self.size += made.nbytes
                while self.size > self.limit:
                    self.size -= self.patterns.popitem(last=False)[1].nbytes
        return made


_KEPT = _Kept(2**26)
