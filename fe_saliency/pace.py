"""How many model inputs are best run at once: measured on the model itself, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from time import perf_counter

from fe_saliency.plan import Smaller

#: Seconds after which no larger chunk is tried, beside the first.
_PATIENCE = 1.0
#: What is less of a gain than this is taken for noise.
_GAIN = 0.97


@dataclass(frozen=True)
class Pace:
    """How a model is best run on inputs of one shape.

    Args:
        room: How many model inputs at once.
        channels_last: Whether images lie channels-last in memory.
        seconds: The time of one gradient evaluation, if it was measured.
    """

    room: int
    channels_last: bool = False
    seconds: float | None = None


def least(shapes: Sequence[Sequence[int]]) -> int:
    """So many inputs of these row shapes are run at once in any case: the smallest chunk that is tried."""
    return _power(2**15 // max(1, sum(map(prod, shapes))), 32)


def most(shapes: Sequence[Sequence[int]], on_host: bool) -> int:
    """The largest chunk that is tried; beyond it a CPU only misses its cache."""
    if on_host:
        return max(least(shapes), _power(2**22 // max(1, sum(map(prod, shapes))), 512))
    return max(least(shapes), _power(2**26 // max(1, sum(map(prod, shapes))), 4096))


def measure(work: Callable[[int, bool], object], first: int, last: int, layouts: bool) -> Pace:
    """Try chunks of `first`, twice as many, ... up to `last` inputs while that pays, and then the other layout.

    Args:
        work: Runs one chunk of so many inputs, contiguous (False) or channels-last (True); raises `plan.Smaller` if
            there is no room for it.
        first: The smallest chunk.
        last: The largest.
        layouts: Whether to try channels-last too; a model that cannot run so is run contiguous.
    """
    try:
        work(first, False)  # Tracing, and what a framework does once.
    except Smaller:
        return measure(work, first // 2, first // 2, layouts)
    best = Pace(first, False, _seconds(work, first, False))
    begun, points, vain = perf_counter(), 2 * first, 0
    while points <= last and vain < 2 and perf_counter() - begun < _PATIENCE:
        try:
            seconds = _seconds(work, points, False)
        except Smaller:
            break
        better = seconds < _GAIN * (best.seconds or 0)
        best, vain = (Pace(points, False, seconds), 0) if better else (best, vain + 1)
        points *= 2
    if layouts:
        try:
            work(best.room, True)
            seconds = _seconds(work, best.room, True)
        except (RuntimeError, Smaller):  # A model that calls `view` on its features wants them contiguous.
            return best
        if seconds < _GAIN * (best.seconds or 0):
            return Pace(best.room, True, seconds)
    return best


def _seconds(work: Callable[[int, bool], object], points: int, channels_last: bool) -> float:
    """The time of one input; the better of two runs, unless one is long enough."""
    times: list[float] = []
    while len(times) < 2 and sum(times) < _PATIENCE / 4:
        start = perf_counter()
        work(points, channels_last)
        times.append(perf_counter() - start)
    return min(times) / points


def _power(number: int, largest: int) -> int:
    """The largest power of two up to `number` and `largest`, at least 1."""
    return 2 ** (max(1, min(number, largest)).bit_length() - 1)
