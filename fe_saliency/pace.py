"""How many model inputs are best run at once: measured on the model itself, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from math import prod
from time import perf_counter

from fe_saliency.plan import Smaller

#: Seconds after which no larger chunk is tried, beside the first.
_PATIENCE = 1.0
#: What is less of a gain than this is taken for noise.
_GAIN = 0.95
#: Seconds of runs that must be seen of each chunk, and how many runs are enough in any case.
_LONG, _RUNS = 0.05, 5
#: So much slower each input may be where all of a call fit into one program: cutting it up costs about as much.
_WHOLE = 1.1


@dataclass(frozen=True)
class Pace:
    """How a model is best run on inputs of one shape.

    Args:
        room: How many model inputs at once.
        channels_last: Whether images lie channels-last in memory.
        seconds: The time of one gradient evaluation, if it was measured.
        whole: Up to so many inputs of one call are not cut into chunks.
    """

    room: int
    channels_last: bool = False
    seconds: float | None = None
    whole: int = 0

    def of(self, evaluations: int) -> int:
        """How many model inputs at once for a call of so many gradient evaluations."""
        return max(self.room, evaluations) if evaluations <= self.whole else self.room


def least(shapes: Sequence[Sequence[int]]) -> int:
    """So many inputs of these row shapes are run at once in any case: the smallest chunk that is tried."""
    return _power(2**15 // max(1, sum(map(prod, shapes))), 32)


def most(shapes: Sequence[Sequence[int]], on_host: bool) -> int:
    """The largest chunk that is tried; beyond it a CPU only misses its cache."""
    if on_host:
        return max(least(shapes), _power(2**22 // max(1, sum(map(prod, shapes))), 1024))
    return max(least(shapes), _power(2**26 // max(1, sum(map(prod, shapes))), 4096))


def measure(
    work: Callable[[int, bool], object], first: int, last: int, layout: None | Callable[[], AbstractContextManager]
) -> Pace:
    """Try chunks of `first`, twice as many, ... up to `last` inputs while that pays, and then the other layout.

    Args:
        work: Runs one chunk of so many inputs, contiguous (False) or channels-last (True); raises `plan.Smaller` if
            there is no room for it.
        first: The smallest chunk.
        last: The largest.
        layout: What the model is run channels-last in, None not to try that; a model that cannot run so is run
            contiguous.
    """
    try:
        work(first, False)  # Tracing, and what a framework does once.
    except Smaller:
        return measure(work, first // 2, first // 2, layout)
    tried = {first: _seconds(work, first, False)}
    begun, room, points, vain = perf_counter(), first, 2 * first, 0
    while points <= last and vain < 2 and perf_counter() - begun < _PATIENCE:
        try:
            tried[points] = _seconds(work, points, False)
        except Smaller:
            break
        if tried[points] < _GAIN * tried[room]:  # Other work may have come in between: the best is seen once more.
            tried[room] = min(tried[room], _seconds(work, room, False))
        room, vain = (points, 0) if tried[points] < _GAIN * tried[room] else (room, vain + 1)
        points *= 2
    whole = max(size for size, cost in tried.items() if cost <= _WHOLE * tried[room])
    best = Pace(room, False, tried[room], whole)
    return best if layout is None else _turned(work, best, last, layout)


def _turned(
    work: Callable[[int, bool], object], best: Pace, last: int, layout: Callable[[], AbstractContextManager]
) -> Pace:
    """`best`, or what is faster channels-last: as many inputs at once, or twice as many."""
    for points in (best.room, 2 * best.room):
        if points > last or points > best.room and not best.channels_last:
            break
        try:
            with layout():
                work(points, True)
                seconds = _seconds(work, points, True)
        except (RuntimeError, Smaller):  # A model that calls `view` on its features wants them contiguous.
            break
        if seconds < _GAIN * (best.seconds or 0):
            best = replace(best, room=points, channels_last=True, seconds=seconds, whole=max(points, best.whole))
    return best


def _seconds(work: Callable[[int, bool], object], points: int, channels_last: bool) -> float:
    """The time of one input; the best of a few runs, of two if they last, of one if it lasts long."""
    times: list[float] = []
    while sum(times) < _LONG and len(times) < _RUNS or len(times) < 2 and sum(times) < _PATIENCE / 4:
        start = perf_counter()
        work(points, channels_last)
        times.append(perf_counter() - start)
    return min(times) / points


def _power(number: int, largest: int) -> int:
    """The largest power of two up to `number` and `largest`, at least 1."""
    return 2 ** (max(1, min(number, largest)).bit_length() - 1)
