"""Random patterns that are the same on every backend, device and chunking.

NumPy's Philox is keyed by (seed, stream, input index) and its counter starts at the sample number, so each pattern is a
pure function of those four numbers: no state, and no global generator is read or moved. A pattern has the shape of one
row and serves every row of a batch; it is drawn in channels-last order and in single precision, then transposed for
channels-first models, so that both frameworks see the same numbers at the same pixel and channel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

NOISE, BASELINE = 0, 1  # streams


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
    return _draw(
        lambda rng, shape: rng.standard_normal(shape, dtype=np.float32), seed, NOISE, index, samples, row, channel_axis
    )


def noise(
    seed: int,
    index: int,
    samples: range,
    nsamples: int,
    row: Sequence[int],
    channel_axis: int,
    antithetic: bool,
) -> np.ndarray:
    """Unit noise of the samples number `samples` out of `nsamples`; other arguments and shape as in `normal`.

    Antithetic samples 2j and 2j + 1 are pattern j and its mirror image, and an odd last one is zero: the clean input.
    """
    if not antithetic:
        return normal(seed, index, samples, row, channel_axis)
    pairs = range(samples.start // 2, (samples.stop + 1) // 2)
    both = normal(seed, index, pairs, row, channel_axis).repeat(2, axis=0)
    both[1::2] *= -1
    found = both[samples.start - 2 * pairs.start :][: len(samples)]
    if nsamples % 2 and samples.stop == nsamples:
        found[-1] = 0
    return found


def uniform(seed: int, index: int, samples: Sequence[int], row: Sequence[int], channel_axis: int) -> np.ndarray:
    """Patterns uniform in [0, 1) of the baseline stream; arguments and shape as in `normal`."""
    return _draw(
        lambda rng, shape: rng.random(shape, dtype=np.float32), seed, BASELINE, index, samples, row, channel_axis
    )


def _draw(
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray],
    seed: int,
    stream: int,
    index: int,
    samples: Sequence[int],
    row: Sequence[int],
    channel_axis: int,
) -> np.ndarray:
    channels_first = channel_axis == 1 and len(row) > 1
    shape: tuple[int, ...] = (*row[1:], row[0]) if channels_first else tuple(row)
    patterns = np.empty((len(samples), *shape), np.float32)
    for slot, sample in enumerate(samples):
        key = np.array([seed, (stream << 32) | index], np.uint64)
        counter = np.array([0, 0, 0, sample], np.uint64)
        patterns[slot] = draw(np.random.Generator(np.random.Philox(counter=counter, key=key)), shape)
    return np.moveaxis(patterns, -1, 1) if channels_first else patterns
