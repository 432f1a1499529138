"""Which maps a Trace computes, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from fe_saliency.attribution import Attribution
from fe_saliency.checks import whole
from fe_saliency.control.copies import check_method
from fe_saliency.labels import file_part
from fe_saliency.method import Method, find
from fe_saliency.review.pictures import OVERLAY
from fe_saliency.saliency_net import SaliencyNet

MAPS = ("vanilla", "smoothed", "integrated", "smoothed_integrated")
CONTROLS = ("untrained", "randomised")


@dataclass(frozen=True)
class Planned:
    """One map.

    Args:
        name: One of `MAPS`, or the name of the method, or what the user calls it.
        title: What a person reads.
        method: As `SaliencyNet.attribute` takes it.
        nsamples: As `SaliencyNet.attribute` takes it.
        options: What else `SaliencyNet.attribute` is told.
        passes: How often the method runs: once for each of several baselines.
    """

    name: str
    title: str
    method: str | Method
    nsamples: None | int | tuple[int, ...] = None
    options: Mapping[str, Any] = field(default_factory=dict)
    passes: int = 1

    @property
    def cost(self) -> int:
        """Gradient evaluations per row."""
        return self.passes * (prod(self.nsamples) if isinstance(self.nsamples, tuple) else self.nsamples or 1)

    def called(self, title: str) -> Planned:
        """The same under another title."""
        return replace(self, title=title)

    @property
    def told(self) -> dict[str, Any]:
        """The method and its options, as JSON can hold them; of what it cannot, the type."""
        plain = {option: _plain(value) for option, value in self.options.items()}
        return {"method": self.method if isinstance(self.method, str) else self.method.name, **plain}

    def of(self, net: SaliencyNet, rows: dict[str, Any], **more: Any) -> Attribution:
        """It, of these rows by what `net` explains."""
        return net.attribute(rows, self.method, nsamples=self.nsamples, **self.options, **more)


def _plain(value: Any) -> str | float:
    if isinstance(value, str):
        return value
    return float(value) if np.ndim(value) == 0 and hasattr(value, "__float__") else type(value).__name__


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
        ValueError: Names of maps that are the same, or empty, as parts of file names and tags; or `measured` is no
            map, or one that is off.
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
        parts = [file_part(name).lower() for name in [*names, *CONTROLS, OVERLAY]]
        wrong = [name for name, part in zip(names, parts, strict=False) if not part or parts.count(part) > 1]
        if wrong:
            raise ValueError(
                f"`methods` (={names}) must have different names, and none of {(*CONTROLS, OVERLAY)}; {wrong} are the "
                "same, empty or taken. "
                "(Where files are named after them, capitals are like small letters, and what is no letter, digit, '.' "
                "or '-' like '_'.) Say what each map is called: `methods={name: entry}`."
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
    methods: tuple[Planned, ...] = (),
) -> Recipe:
    """The Recipe that a user's arguments stand for; `integrating` is a number of path points, or (points, rounds).

    Raises:
        ValueError: A number that is out of its range, not one or two of them, or as `Recipe`.
        TypeError: A number that is not whole.
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
    if methods:
        return Recipe(0, 0, 0, signed, measured, controls, methods)
    return Recipe(smoothing, steps, rounds, signed, measured, controls)


def check_controls(recipe: Recipe, net: SaliencyNet) -> None:
    """Raise if there can be no controls of the measured map.

    Raises:
        ValueError: It looks into a layer, and the model is one of TensorFlow.
    """
    if recipe.controls:
        try:
            check_method(net, recipe.chosen.method)
        except ValueError as error:
            raise ValueError(
                f"`controls` (={list(recipe.controls)}) must be of a map that copies of the model can have, but the "
                f"measured one, {recipe.chosen.name!r}, is none: {error} Name another map in `measured`, or leave "
                "`controls` out."
            ) from error
