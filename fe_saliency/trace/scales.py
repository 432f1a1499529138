"""On which scale maps are drawn: each on its own, or all epochs on one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fe_saliency.checks import positive, whole
from fe_saliency.display import common_scale
from fe_saliency.display.rows import finite_rows
from fe_saliency.record import Record

Numbers = dict[str, dict[str, float]]  # {map name: {input key: what is drawn as 1}}


class Scales:
    """What a map's value is divided by before it is drawn.

    Controls have no part in it: each of their maps is drawn on a scale of its own. It is their pattern that says
    something, and an untrained model's gradients may be so small that on the scale of the trained one all is black.

    Args:
        wanted: "own" for each map's own 99th percentile; a number for one scale of all epochs, fixed at that epoch, or
            at the first one drawn after it, as the 99th percentile over all its samples (figures before it are each on
            its own; films, drawn at the end, hold to it from their first epoch on); or the scales themselves,
            {map name: number}. Samples whose map is not finite are left out, and an epoch at which a map has no other
            fixes nothing.
        names: The maps that are drawn, controls aside.

    Raises:
        ValueError: A scale that is out of its range, or of no map.
        TypeError: None of these.
    """

    def __init__(self, wanted: str | int | Mapping[str, float], names: Sequence[str]) -> None:
        self.epoch: int | None = None
        self._given: dict[str, float] | None = None
        self._fixed: tuple[int, Numbers] | None = None
        if isinstance(wanted, Mapping):
            self._given = _checked(wanted, names)
        elif isinstance(wanted, str):
            if wanted != "own":
                raise ValueError(
                    f"`scale` (={wanted!r}) must be 'own', the number of an epoch, or a dict {{map name: number}}."
                )
        else:
            if isinstance(wanted, bool) or not hasattr(wanted, "__index__"):
                raise TypeError(
                    f"`scale` (={wanted!r}) must be 'own', the number of an epoch, or a dict {{map name: number}}."
                )
            self.epoch = whole("scale", wanted)

    def of(self, record: Record) -> dict[str, Any]:
        """What the record should tell: "scales", the numbers by map and input or None, and "scale_origin" in words."""
        if self._given is not None:
            numbers = {name: dict.fromkeys(record.inputs, number) for name, number in self._given.items()}
            return {"scales": numbers, "scale_origin": "given"}
        if self.epoch is None or (self._fixed is None and record.epoch < self.epoch):
            return {"scales": None, "scale_origin": None}
        if self._fixed is None:
            own = _own(record)
            if not all(finite_rows(array).any() for maps in own.values() for array in maps.values()):
                return {"scales": None, "scale_origin": None}
            axis = record.channel_axis
            numbers = {
                name: {key: common_scale(array, axis, record.signed(name)) for key, array in maps.items()}
                for name, maps in own.items()
            }
            self._fixed = record.epoch, numbers
        epoch, numbers = self._fixed
        return {"scales": numbers, "scale_origin": f"fixed at epoch {epoch}"}

    def state(self) -> Any:
        """What must be restored for an interrupted training to go on with the same scale."""
        return self._fixed

    def restore(self, state: Any) -> None:
        """Take over what `state` returned."""
        self._fixed = state


def _own(record: Record) -> dict[str, dict[str, np.ndarray]]:
    """The maps of the model itself."""
    return {name: maps for name, maps in record.maps.items() if name not in record.settings["controls"]}


def _checked(wanted: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    if set(wanted) != set(names):
        raise ValueError(f"`scale` (for {sorted(wanted)}) must give a number for each map: {list(names)}.")
    for name, number in wanted.items():
        positive(f"scale[{name!r}]", number, "the size, in the map's own units, that is drawn brightest")
    return {name: float(number) for name, number in wanted.items()}
