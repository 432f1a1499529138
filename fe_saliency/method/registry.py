"""Methods by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fe_saliency.method.bracket import Bracket
from fe_saliency.method.core import Core
from fe_saliency.method.region_map import Regions

_METHODS: dict[str, Method] = {}


@dataclass(frozen=True)
class Method:
    """A saliency method: brackets around what is attributed at one point, the outermost first.

    Args:
        name: What it is called, in code.
        title: What a person reads.
        source: The paper.
        brackets: None for one point, the input itself; `(Noise(), Path())` is Integrated Gradients, smoothed.
        core: What is attributed at a point; the gradient.
        regions: What turns the map into one of regions, if anything does.

    Raises:
        ValueError: A path around what is not the gradient: it would not sum to the difference of the scores; a bracket
            around others that has to be the innermost, or noisy weights inside another bracket.
    """

    name: str
    title: str
    source: str
    brackets: tuple[Bracket, ...] = ()
    core: Core = Core()
    regions: Regions | None = None

    def __post_init__(self) -> None:
        if not self.core.complete and any(bracket.has_baseline for bracket in self.brackets):
            raise ValueError(
                f"`core` (={self.core}) must be the gradient inside a path, or the map of {self.name!r} would not sum "
                "to the difference of the scores: leave the path out, or the core."
            )
        for bracket in self.brackets[:-1]:
            if bracket.scored or bracket.adaptive:
                raise ValueError(
                    f"`brackets` of {self.name!r} must have {type(bracket).__name__} as the last, the innermost one."
                )
            if bracket.has_baseline and self.adaptive:
                raise ValueError(
                    f"`brackets` of {self.name!r} must hold one path, not {type(bracket).__name__} around "
                    f"{type(self.brackets[-1]).__name__}: leave one of them out."
                )
        inner = next((bracket for bracket in self.brackets[1:] if bracket.of_weights), None)
        if inner is not None:
            raise ValueError(
                f"`brackets` of the method {self.name!r} must have {type(inner).__name__} outermost, and once: weights "
                "are changed for all samples at a time. Write `noisy_weights(smooth(...))`."
            )

    @property
    def adaptive(self) -> bool:
        """Whether the innermost bracket goes step by step."""
        return bool(self.brackets) and self.brackets[-1].adaptive

    @property
    def signed(self) -> bool:
        """Whether its maps have a sign: above 0 what raises the score, below 0 what lowers it."""
        return self.core.signed and all(bracket.signed for bracket in self.brackets)

    def samples(self, nsamples: None | int | Sequence[int], open_ended: bool = False) -> tuple[int, ...]:
        """The number of samples of each bracket.

        Args:
            nsamples: None for the defaults; a number for a method of one bracket; one number per bracket, the outermost
                first, for a nested one.
            open_ended: Whether the first number is the most that the outermost bracket may take.

        Raises:
            ValueError: Too few samples, or not one number per bracket.
            TypeError: Not whole numbers.
        """
        if open_ended and not self.brackets:
            raise ValueError(f"`tolerance` must be None for the method {self.name!r}: it takes no samples to refine.")
        if nsamples is None:
            defaults = tuple(bracket.default_samples for bracket in self.brackets)
            return (self.brackets[0].most_samples, *defaults[1:]) if open_ended else defaults
        counts = tuple(nsamples) if isinstance(nsamples, (tuple, list)) else (nsamples,)
        if not self.brackets and counts in ((1,), ()):
            return ()
        if len(counts) != len(self.brackets):
            raise ValueError(f"`nsamples` (={nsamples}) must be {_wanted(self)} for the method {self.name!r}.")
        for count, bracket in zip(counts, self.brackets, strict=True):
            if isinstance(count, bool) or not hasattr(count, "__index__"):
                raise TypeError(f"`nsamples` (={nsamples!r}) must be {_wanted(self)}, not {type(count).__name__}.")
            if count < bracket.least_samples:
                raise ValueError(
                    f"`nsamples` (={nsamples}) must be at least {bracket.least_samples} for "
                    f"{type(bracket).__name__} in the method {self.name!r}."
                )
        return tuple(int(count) for count in counts)


def register(method: Method) -> Method:
    """Make `method` known by its name, so that `SaliencyNet.attribute(batch, method=name)` finds it.

    Raises:
        ValueError: Another method of that name is registered.
    """
    if _METHODS.get(method.name, method) != method:
        raise ValueError(f"A method called {method.name!r} is registered already; choose another `name`.")
    _METHODS[method.name] = method
    return method


def find(method: str | Method) -> Method:
    """The Method called `method`, or `method` itself if it is one.

    Raises:
        ValueError: No method of that name is registered.
        TypeError: Neither a name nor a Method.
    """
    if isinstance(method, Method):
        return method
    if not isinstance(method, str):
        raise TypeError(f"`method` (a {type(method).__name__}) must be a registered name or a Method.")
    if method not in _METHODS:
        raise ValueError(f"`method` (={method!r}) must be one of {', '.join(map(repr, methods()))}, or a Method.")
    return _METHODS[method]


def methods() -> tuple[str, ...]:
    """The names of all registered methods, in the order of their registration."""
    return tuple(_METHODS)


def _wanted(method: Method) -> str:
    count = len(method.brackets)
    if count == 0:
        return "None or 1"
    if count == 1:
        return "a whole number"
    return f"{count} whole numbers, ({', '.join(type(bracket).__name__ for bracket in method.brackets)})"
