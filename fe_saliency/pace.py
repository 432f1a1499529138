"""How many model inputs are best run at once, and in which way: measured on the model itself, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from math import inf, nan, prod
from time import perf_counter

from fe_saliency.backend import Way
from fe_saliency.plan import Smaller

#: Seconds after which no other chunk is tried, and nothing is seen again; nor is a chunk tried that takes longer.
_PATIENCE = 1.5
#: A smaller chunk must take less than so much of the time: repeated, as it is here, it is faster than in a call.
_SMALLER = 0.85
#: Of so many turns a chunk or a way must win most.
_TURNS = 3
#: Seconds of runs that must be seen of each chunk, and how many runs are enough in any case.
_LONG, _RUNS = 0.05, 5
#: Cutting up a call that fits into one program costs a pass over its clean rows, a share of it, and seconds beside.
_PASS, _BESIDE = 0.03, 3e-3
#: A way must take less than so much of the time: folding has its price in each call.
_WAY = 0.985


@dataclass(frozen=True)
class Pace:
    """How a model is best run on inputs of one shape.

    Args:
        room: How many model inputs at once.
        way: In which way.
        seconds: The time of one gradient evaluation; NaN if it was not measured.
        whole: Up to so many inputs of one call are not cut into chunks.
    """

    room: int
    way: Way = Way()
    seconds: float = nan
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
    work: Callable[[int, Way], object],
    first: int,
    last: int,
    usual: int,
    changes: Iterable[str],
    entered: Callable[[Way], AbstractContextManager],
) -> Pace:
    """Choose a way, and the chunk in it, from the usual one up while that pays, or else down.

    Args:
        work: Runs one chunk of so many inputs in the way that was entered; raises `plan.Smaller` if there is no room
            for it.
        first: The smallest chunk.
        last: The largest.
        usual: The one to begin with, if it is not beyond the last and is fast enough.
        changes: Fields of `Way` to try one after the other, each beside those that paid off; those in which the model
            cannot run are left out.
        entered: Puts the model into a way while a block runs.
    """

    def look(way: Way, points: int) -> float:
        with entered(way):
            return _seconds(partial(work, points, way)) / points

    way = Way()
    try:
        work(first, way)  # Tracing, and what a framework does once.
        seconds = look(way, first)
    except Smaller:
        return measure(work, first // 2, first // 2, usual, changes, entered)
    points = first
    while 2 * points <= min(last, usual) and 2 * points * seconds <= _PATIENCE:
        points *= 2
    wanted = points
    points, seconds = _fitting(partial(look, way), wanted, first, seconds)
    last = points if points < wanted else last
    for change in changes:
        changed = replace(way, **{change: True})
        try:
            with entered(changed):
                work(points, changed)
            won, new, old = _by_turns(partial(look, changed, points), partial(look, way, points), _WAY, 2 * _PATIENCE)
        except (RuntimeError, Smaller):  # A model that calls `view` on its features wants them contiguous.
            continue
        way, seconds = (changed, new) if won else (way, min(seconds, old))
    return _settled(partial(look, way), way, points, seconds, first, last)


def _fitting(look: Callable[[int], float], points: int, first: int, seconds: float) -> tuple[int, float]:
    """The largest chunk of `points` and its halves that finds room, and its time; `first` takes `seconds`."""
    while points > first:
        try:
            return points, look(points)
        except Smaller:
            points //= 2
    return first, seconds


def _by_turns(
    new: Callable[[], float], old: Callable[[], float], share: float, patience: float, known: float | None = None
) -> tuple[bool, float, float]:
    """Whether something `new` takes less than a share of the time of the old, and the best times of both.

    A time of the old that is `known` is that of its first turn.

    By the turns that it wins, not by the best times: for a moment a processor may run much faster, or slower, too.
    """
    begun, won, lost, best = perf_counter(), 0, 0, (inf, inf)
    while 2 * max(won, lost) < _TURNS and perf_counter() - begun < patience:
        turn = new(), old() if known is None else known
        known = None
        won, lost = (won + 1, lost) if turn[0] < share * turn[1] else (won, lost + 1)
        best = min(best[0], turn[0]), min(best[1], turn[1])
    return won > lost, *best


def _settled(look: Callable[[int], float], way: Way, room: int, seconds: float, first: int, last: int) -> Pace:
    """The best chunk in a way, of those from `first` to `last`, near `room` inputs, which take `seconds` each."""
    tried, begun = {room: seconds}, perf_counter()

    def better(points: int, share: float) -> bool:
        """Whether a chunk takes less than this share of the time of `room`."""
        nonlocal last
        late = perf_counter() - begun > _PATIENCE or points > room and points * tried[room] > _PATIENCE
        if late or not first <= points <= last:
            return False
        known = seconds if len(tried) == 1 else None
        try:
            won, new, old = _by_turns(partial(look, points), partial(look, room), share, _PATIENCE, known)
        except Smaller:
            last = points // 2
            return False
        tried[points], tried[room] = min(tried.get(points, inf), new), min(tried[room], old)
        return won

    usual = room
    # Where larger chunks pay, four times as many show it sooner than twice as many, and less by chance.
    while (times := next((times for times in (4, 2) if better(times * room, 1.0)), None)) is not None:
        room *= times
    while room <= usual and better(room // 2, _SMALLER):
        room //= 2
    cut = tried[room] * (1 + _PASS)
    whole = max(size for size, cost in tried.items() if size * cost <= size * cut + _BESIDE)
    return Pace(room, way, tried[room], whole)


def _seconds(work: Callable[[], object]) -> float:
    """The best time of a few runs, of two if they last, of one if it lasts long."""
    times: list[float] = []
    while sum(times) < _LONG and len(times) < _RUNS or len(times) < 2 and sum(times) < _PATIENCE / 4:
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


def _power(number: int, largest: int) -> int:
    """The largest power of two up to `number` and `largest`, at least 1."""
    return 2 ** (max(1, min(number, largest)).bit_length() - 1)
