"""Which maps a Trace computes, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from fe_saliency.checks import whole
from fe_saliency.control.copies import check_method
from fe_saliency.method import Method, find
from fe_saliency.saliency_net import SaliencyNet

MAPS = ("vanilla", "smoothed", "integrated", "smoothed_integrated")
CONTROLS = ("untrained", "randomised")
#: Methods, each a name, a `Method`, or a pair of one and its number(s) of samples; None for the four standard maps.
Chosen = None | str | Method | Sequence[Any]


@dataclass(frozen=True)
class Planned:
    """One map.

    Args:
        name: One of `MAPS`, or the name of the method.
        title: What a person reads.
        method: As `SaliencyNet.attribute` takes it.
        nsamples: As `SaliencyNet.attribute` takes it.
    """

    name: str
    title: str
    method: str | Method
    nsamples: None | int | tuple[int, ...] = None

    @property
    def cost(self) -> int:
        """Gradient evaluations per row."""
        return prod(self.nsamples) if isinstance(self.nsamples, tuple) else self.nsamples or 1


@dataclass(frozen=True)
class Recipe:
    """Which maps are computed.

    Args:
        smoothing: Noisy copies of the smoothed map; 0 for none.
        steps: Path points of the integrated map; 0 for none.
        rounds: Noisy copies of the combined map; 0 for none.
        signed: Whether maps that have a sign keep it; the standard ones are means of noisy copies then, not of squares.
        measured: The map that numbers, the overlay and the controls are of; None for the last.
        controls: Which of `CONTROLS` are computed too.
        methods: All maps, where a user chose them; no others are computed then.

    Raises:
        ValueError: Two maps of one name; or `measured` is no map, or one that is off.
    """

    smoothing: int
    steps: int
    rounds: int
    signed: bool = False
    measured: str | None = None
    controls: tuple[str, ...] = ()
    methods: tuple[Planned, ...] = ()

    def __post_init__(self) -> None:
        names = [each.name for each in self.maps]
        twice = sorted({name for name in names if [*names, *CONTROLS].count(name) > 1})
        if twice:
            raise ValueError(
                f"`methods` (={names}) must be of different names, and none of {CONTROLS}; {twice} must not. Rename a "
                "Method by `dataclasses.replace(method, name=...)`."
            )
        if self.measured is not None and self.measured not in names:
            raise ValueError(
                f"`measured` (={self.measured!r}) must be one of the maps that are computed, {', '.join(names)}: see "
                f"{'`methods`' if self.methods else '`smoothing` and `integrating`'}."
            )

    @property
    def maps(self) -> list[Planned]:
        """All maps, in the order of the columns."""
        if self.methods:
            return list(self.methods)
        ending, told = ("", "") if self.signed else ("_squared", " (squared)")
        found = [Planned("vanilla", "Vanilla gradient", "gradient")]
        if self.smoothing:
            found.append(Planned("smoothed", f"Smoothed{told}", f"smoothgrad{ending}", self.smoothing))
        if self.steps:
            found.append(Planned("integrated", "Integrated", "integrated_gradients", self.steps))
        if self.steps and self.rounds:
            method = f"smoothed_integrated_gradients{ending}"
            title = f"Smoothed integrated{told}"
            found.append(Planned("smoothed_integrated", title, method, (self.rounds, self.steps)))
        return found

    @property
    def chosen(self) -> Planned:
        """The map that numbers, the overlay and the controls are of."""
        return next((each for each in self.maps if each.name == self.measured), self.maps[-1])

    @property
    def titles(self) -> dict[str, str]:
        """What a person reads above each map, controls included."""
        told = {"untrained": "of the untrained model", "randomised": "of shuffled weights"}
        return {each.name: each.title for each in self.maps} | {
            control: f"{self.chosen.title} {told[control]}" for control in self.controls
        }

    @property
    def unsigned(self) -> list[str]:
        """The maps that have no sign, by their methods, controls included."""
        named = [each.name for each in self.maps if not find(each.method).signed]
        return [*named, *(self.controls if self.chosen.name in named else ())]

    @property
    def cost(self) -> int:
        """Gradient evaluations per row."""
        return sum(each.cost for each in self.maps) + len(self.controls) * self.chosen.cost


def recipe_of(
    smoothing: int,
    integrating: int | tuple[int, int],
    signed: bool,
    measured: str | None,
    controls: tuple[str, ...],
    methods: Chosen = None,
) -> Recipe:
    """The Recipe that a user's arguments stand for; `integrating` is a number of path points, or (points, rounds).

    Raises:
        ValueError: A number that is out of its range, not one or two of them, an unknown method, or as `Recipe`.
        TypeError: A number that is not whole, or no method.
    """
    smoothing = whole("smoothing", smoothing, 0)
    if not isinstance(integrating, (tuple, list)):
        steps, rounds = whole("integrating", integrating, 0), smoothing if integrating else 0
    elif len(integrating) == 2:
        steps, rounds = (whole("integrating", each, 0) for each in integrating)
    else:
        raise ValueError(
            f"`integrating` (={integrating!r}) must be a number of path points, or (points, noisy copies)."
        )
    if methods is not None:
        return Recipe(0, 0, 0, signed, measured, controls, _planned(methods))
    return Recipe(smoothing, steps, rounds, signed, measured, controls)


def check_recipe(recipe: Recipe, net: SaliencyNet) -> None:
    """Raise if there is a map that `net`, or a control of it, cannot have.

    Raises:
        ValueError: Class activation maps of a model of several inputs, for they are laid over one of these; or
            controls of a method that looks into a layer, in TensorFlow.
    """
    laid = [each.name for each in recipe.methods if find(each.method).core.at_layer]
    if laid and len(net.model_inputs) > 1:
        raise ValueError(
            f"`methods` (with {', '.join(map(repr, laid))}) must give a map of each input, but class activation maps "
            f"are laid over one, and the model has {net.model_inputs}. Use `SaliencyNet.attribute`."
        )
    if recipe.controls:
        check_method(net, recipe.chosen.method)


def _planned(methods: Chosen) -> tuple[Planned, ...]:
    """The maps that `methods` stands for; where titles would be the same, names are read instead."""
    listed: list[Any] = [methods] if isinstance(methods, (str, Method)) else list(methods or ())
    if not listed:
        raise ValueError("`methods` (=[]) must name at least one method; None stands for the four standard maps.")
    found = []
    for each in listed:
        named, nsamples = each if isinstance(each, tuple) and len(each) == 2 else (each, None)
        method = find(named)
        if any(bracket.from_data for bracket in method.brackets):
            raise ValueError(
                f"`methods` must name none that draws baselines from data, as {method.name!r} does: the Trace gives no "
                "`baseline`. Use `SaliencyNet.attribute`."
            )
        found.append((method, method.samples(nsamples)))
    titles = [method.title for method, _ in found]
    return tuple(
        Planned(method.name, method.title if titles.count(method.title) == 1 else method.name, method, counts)
        for method, counts in found
    )
