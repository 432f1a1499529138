"""How many model inputs are best run at once: measured on the model itself, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from math import inf, prod
from time import perf_counter

from fe_saliency.plan import Smaller

#: Seconds after which no larger chunk is tried, and nothing is seen again.
_PATIENCE = 1.5
#: What is less of a gain than this does not make up for the memory that a larger chunk takes.
_GAIN = 0.95
#: Layouts are compared with so many times the smallest chunk, by so many turns: a wrong one costs more than a chunk.
_COMPARED, _TURNS = 4, 3
#: Of two chunks the slower is seen again, so many times while their times differ by no more than this factor.
_CLOSE, _LOOKS = 1.25, 2
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
    """Choose a layout, and try chunks of `first`, twice as many, ... up to `last` inputs in it while that pays.

    Args:
        work: Runs one chunk of so many inputs, contiguous (False) or channels-last (True); raises `plan.Smaller` if
            there is no room for it.
        first: The smallest chunk.
        last: The largest.
        layout: What the model is run channels-last in, None not to try that; a model that cannot run so is run
            contiguous.
    """
    contiguous = partial(_seconds, work, False)
    try:
        work(first, False)  # Tracing, and what a framework does once.
        seconds = contiguous(first)
    except Smaller:
        return measure(work, first // 2, first // 2, layout)

    def channels_last(points: int) -> float:
        with nullcontext() if layout is None else layout():
            return _seconds(work, True, points)

    if layout is not None and _runs_in(layout, work, first):
        points = first  # A layout that is no faster for a few inputs may be for more.
        while 2 * points <= min(last, _COMPARED * first) and 2 * points * seconds <= _PATIENCE / 2:
            points *= 2
        try:
            if _faster(channels_last, contiguous, points, first):
                return _grown(channels_last, True, first, channels_last(first), last)
        except Smaller:
            pass
    return _grown(contiguous, False, first, seconds, last)


def _faster(new: Callable[[int], float], old: Callable[[int], float], points: int, first: int) -> bool:
    """Whether the `new` layout takes less time than the `old` one; with fewer inputs if there is no room."""
    begun, times = perf_counter(), (inf, inf)
    try:
        for look in range(_TURNS):
            times = min(times[0], new(points)), min(times[1], old(points))
            if look and not _close(*times) or perf_counter() - begun > 2 * _PATIENCE:
                break
    except Smaller:
        if points <= first:
            raise
        return _faster(new, old, points // 2, first)
    return times[0] < times[1]


def _runs_in(layout: Callable[[], AbstractContextManager], work: Callable[[int, bool], object], points: int) -> bool:
    """Whether the model can run channels-last; one that calls `view` on its features wants them contiguous."""
    try:
        with layout():
            work(points, True)
    except (RuntimeError, Smaller):
        return False
    return True


def _grown(look: Callable[[int], float], channels_last: bool, room: int, seconds: float, last: int) -> Pace:
    """The best chunk in a layout, from `room` inputs up, which take `seconds` each."""
    tried = {room: seconds}
    begun, points, vain = perf_counter(), 2 * room, 0
    while points <= last and vain < 2 and perf_counter() - begun < _PATIENCE:
        try:
            tried[points], tried[room] = _seen(partial(look, points), partial(look, room), tried[room])
        except Smaller:
            break
        room, vain = (points, 0) if tried[points] < _GAIN * tried[room] else (room, vain + 1)
        points *= 2
    whole = max(size for size, cost in tried.items() if cost <= _WHOLE * tried[room])
    return Pace(room, channels_last, tried[room], whole)


def _seen(new: Callable[[], float], old: Callable[[], float], known: float) -> tuple[float, float]:
    """The times of something new and of what is `known`.

    The slower of them is seen again, and more often while they are close: other work may have come in between, and one
    look at each would make its choice for good.
    """
    begun, seconds = perf_counter(), new()
    for look in range(_LOOKS):
        if look and not _close(seconds, known) or perf_counter() - begun > _PATIENCE:
            break
        if seconds < known:
            known = min(known, old())
        else:
            seconds = min(seconds, new())
    return seconds, known


def _close(one: float, other: float) -> bool:
    return 1 / _CLOSE < one / other < _CLOSE


def _seconds(work: Callable[[int, bool], object], channels_last: bool, points: int) -> float:
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
