"""Clocks: a short sweep for the best setting of each contestant, then rounds in which all of them take turns."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

#: Above this a sweep judges a setting by one chunk and not by a whole call.
_LONG = 0.2
#: Where a whole call takes longer than this, a sweep judges a setting by this many chunks.
_LONG_CALL, _CHUNKS = 1.0, 5
#: A setting this much worse than the best one is looked at again; two chunk sizes in a row that are so, end the sweep
#: over larger ones.
_HOPELESS, _ENOUGH = 1.5, 2
#: A setting that a sweep finds this much worse than the best may be better in the rounds.
NEAR = 1.1
#: Who takes so much longer than the fastest need not be timed as often.
_FAR = 1.5
#: A call that takes longer than this is not repeated to warm up.
_WARM_UP = 5.0


@dataclass(frozen=True)
class Contestant:
    """Something that explains images, at several settings.

    Args:
        name: What the tables call it.
        settings: What is swept, in the order of the sweep; one setting means no sweep.
        build: `build(setting, nsamples, rows)` gives a call that explains the first `rows` images by `nsamples`
            gradients each. It takes what `find` returns, or nothing if there is no `find`.
        find: Finds the class of each row, for those that must be told which one to explain. It is part of each call
            that is clocked, as it is part of the work; a sweep over chunk sizes does without.
        probe: `probe(setting)` gives the least `(nsamples, rows)` that show what a gradient costs at that setting. None
            to make a whole call at once.
        core: Whether it stays to the end when the time is short.
        label: `label(setting)` in words.
    """

    name: str
    settings: Sequence[Any]
    build: Callable[[Any, int, int], Callable[..., Any]]
    find: Callable[[], Any] | None = None
    probe: Callable[[Any], tuple[int, int]] | None = None
    core: bool = False
    label: Callable[[Any], str] = str


@dataclass
class Entrant:
    """A contestant at its best setting."""

    name: str
    setting: str
    call: Callable[[], Any]
    core: bool
    first: float  # seconds of its first call
    swept: dict[str, float] = field(default_factory=dict)  # setting -> milliseconds per gradient
    settle: Callable[[], Any] | None = None  # called before each clocked call

    @property
    def cost(self) -> float:
        """Milliseconds per gradient at its setting, as the sweep found it; 0 if there was none."""
        return self.swept.get(self.setting, 0.0)


def clock(call: Callable[[], Any]) -> float:
    """Seconds that `call` takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def sweep(
    contestant: Contestant, nsamples: int, rows: int, most: int | None = None, keep: int = 1
) -> list[Entrant]:
    """Try each setting shortly, the first `most` of them; the best one enters, or up to `keep` if they are near."""
    swept: dict[Any, float] = {}
    settings = list(contestant.settings)[:most]
    if len(settings) == 1 and contestant.probe is None:
        return [_entrant(contestant, settings[0], swept, nsamples, rows)]
    vain = 0
    for setting in settings:
        swept[setting] = _per_gradient(contestant, setting, nsamples, rows)
        if swept[setting] > _HOPELESS * min(swept.values()):  # Other work may have come in between.
            swept[setting] = min(swept[setting], _per_gradient(contestant, setting, nsamples, rows))
        vain = vain + 1 if swept[setting] > _HOPELESS * min(swept.values()) else 0
        if vain == _ENOUGH and _grows(settings, setting):
            break
    near = [setting for setting in swept if swept[setting] <= NEAR * min(swept.values())]
    chosen = sorted(near, key=lambda setting: swept[setting])[:keep]
    return [_entrant(contestant, setting, swept, nsamples, rows) for setting in chosen]


def _entrant(contestant: Contestant, setting: Any, swept: dict[Any, float], nsamples: int, rows: int) -> Entrant:
    """A contestant at a setting, after its first call; calls that last are taken to be what the sweep found."""
    build, find = contestant.build(setting, nsamples, rows), contestant.find
    call = build if find is None else lambda: build(find())
    first = swept.get(setting, 0.0) * nsamples * rows
    if first < _WARM_UP:
        first = clock(call)
        if first < _WARM_UP / 5:
            call()
    labelled = {contestant.label(each): 1e3 * seconds for each, seconds in swept.items()}
    return Entrant(contestant.name, contestant.label(setting), call, contestant.core, first, labelled)


def contest(
    entrants: Sequence[Entrant], seconds: float, least: int = 3, most: int = 25
) -> dict[str, list[float | None]]:
    """Seconds of each entrant in each round; None where it sat out.

    Rounds go on for `seconds`, but there are at least `least` and at most `most`. Once time is up, two are enough for
    those that are not `core` and are far behind the fastest. Each round begins with another entrant.
    """
    times: dict[str, list[float | None]] = {entrant.name: [] for entrant in entrants}
    start = time.perf_counter()
    for number in range(most):
        took = (time.perf_counter() - start) / max(1, number)
        over = time.perf_counter() - start + took > seconds
        if over and number >= least:
            break
        turn = number % len(entrants)
        for entrant in [*entrants[turn:], *entrants[:turn]]:
            sits_out = over and number >= 2 and not entrant.core and _far_behind(entrant.name, times)
            if entrant.settle is not None and not sits_out:
                entrant.settle()
            times[entrant.name].append(None if sits_out else clock(entrant.call))
    return times


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median of `values`, the least and the greatest of them, and how many they are."""
    return {"median": median(values), "min": min(values), "max": max(values), "n": len(values)}


def ratios(over: Sequence[float | None], under: Sequence[float | None]) -> dict[str, float]:
    """The spread of `over / under`, round by round."""
    return spread([a / b for a, b in zip(over, under, strict=True) if a is not None and b is not None])


def _per_gradient(contestant: Contestant, setting: Any, nsamples: int, rows: int) -> float:
    few, some = contestant.probe(setting) if contestant.probe else (nsamples, rows)
    few, some = min(few, nsamples), min(some, rows)
    call = _told(contestant, setting, few, some)
    call()
    took = clock(call)
    if took > _LONG or (few, some) == (nsamples, rows):
        return took / (few * some)
    if took * nsamples * rows / (few * some) > _LONG_CALL:
        return median([took, *(clock(call) for _ in range(_CHUNKS - 1))]) / (few * some)
    call = _told(contestant, setting, nsamples, rows)
    call()
    return min(clock(call), clock(call)) / (nsamples * rows)


def _told(contestant: Contestant, setting: Any, nsamples: int, rows: int) -> Callable[[], Any]:
    """A call that knows the classes already."""
    call = contestant.build(setting, nsamples, rows)
    return call if contestant.find is None else partial(call, contestant.find())


def _far_behind(name: str, times: dict[str, list[float | None]]) -> bool:
    return min(filter(None, times[name])) > _FAR * min(min(filter(None, taken)) for taken in times.values())


def _grows(settings: Sequence[Any], setting: Any) -> bool:
    """Whether those after `setting` are larger chunks only, so that nothing better can come."""
    later = settings[settings.index(setting) + 1 :]
    return all(isinstance(each, int) and each > setting for each in later)
