"""The numbers of one input's map, row by row; `Measures` asks for them, group by group."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from fe_saliency import measure
from fe_saliency.control import entropy_rise
from fe_saliency.heat import heat
from fe_saliency.record import Record

_SIMILAR = ("rank_correlation", "cosine", "ssim")
#: Group -> its numbers. Each is a mean over the rows where it is defined. All are of the measured map, but for "score"
#: and "margin", which are of the model, and "completeness_gap": of the measured map if it has one, else of the first
#: that has, which is the integrated map. Gradients, and squares and variances of anything, sum to no score.
GROUPS: dict[str, tuple[str, ...]] = {
    "drift": (*(f"{name}_to_previous" for name in _SIMILAR), *(f"{name}_to_reference" for name in _SIMILAR)),
    "concentration": ("gini", "entropy", "effective_pixels"),
    "trust": ("relative_error", "completeness_gap", "unusable"),
    "decision": ("score", "margin"),
    "region": ("mass_share", "area_share", "rank_accuracy", "pointing_game"),
    "control": ("emprt",),
}
PerRow = dict[str, np.ndarray]  # {number: (B,)}


class Numbers:
    """One map, and all that its numbers are made of; each method gives a group of `GROUPS`.

    Args:
        record: Its record.
        key: Its input.
    """

    def __init__(self, record: Record, key: str) -> None:
        self.record, self.key = record, key
        self.name: str = record.settings["measured"]
        self.raw = record.maps[self.name][key]

    @cached_property
    def hot(self) -> np.ndarray:
        """Its heat."""
        return heat(self.raw, self.record.channel_axis)

    def drift(self, previous: Record | None, reference: Record | None) -> PerRow:
        """How alike it is to the map of the same rows in other epochs; NaN to one that is not known."""
        return {**self._similar("previous", previous), **self._similar("reference", reference)}

    def concentration(self) -> PerRow:
        """How focused it is."""
        return {name: getattr(measure, name)(self.hot) for name in GROUPS["concentration"]}

    def trust(self) -> PerRow:
        """How far it can be trusted."""
        unknown, gaps = self._unknown, self.record.completeness_gap
        return {
            "relative_error": self.record.relative_error.get(self.name, unknown),
            "completeness_gap": np.abs(gaps.get(self.name, next(iter(gaps.values()), unknown))),
            "unusable": measure.unusable(self.hot).astype(np.float64),
        }

    def decision(self) -> PerRow:
        """What the model says."""
        return {
            "score": np.sum(list(self.record.scores.values()), axis=0),
            "margin": np.min(list(self.record.margins.values()), axis=0),
        }

    def region(self, key: str, rows: Mapping[str, np.ndarray]) -> PerRow:
        """How much of it lies in the regions under a key of `rows`; NaN where other inputs are images, but not this."""
        images = [name for name, array in self.record.inputs.items() if array.ndim == 4]
        if not images:
            shapes = {name: array.shape for name, array in self.record.inputs.items()}
            raise ValueError(f"`region_key` (={key!r}) needs an input that is images, but there are {shapes}.")
        if self.key not in images:
            return dict.fromkeys(GROUPS["region"], self._unknown)
        _, height, width = self.hot.shape
        region = measure.regions(rows[key], height, width, key)
        found = {name: getattr(measure, name)(self.hot, region) for name in GROUPS["region"] if name != "area_share"}
        return {**found, "area_share": measure.area_share(region)}

    def control(self) -> PerRow:
        """How much more complex the map of shuffled weights is; NaN if that failed, which was told then."""
        if "randomised" not in self.record.maps:
            return {"emprt": self._unknown}
        other = self.record.maps["randomised"][self.key]
        return {"emprt": entropy_rise({self.key: self.raw}, {self.key: other}, self.record.channel_axis).ratio}

    @property
    def _unknown(self) -> np.ndarray:
        return np.full(self.record.rows, np.nan)

    def _similar(self, to: str, before: Record | None) -> PerRow:
        if before is None:
            return {f"{name}_to_{to}": self._unknown for name in _SIMILAR}
        other = Numbers(before, self.key)
        found = {
            "rank_correlation": measure.rank_correlation(self.hot, other.hot),
            "cosine": measure.cosine(self.raw, other.raw),
            "ssim": measure.ssim(self.hot, other.hot),
        }
        return {f"{name}_to_{to}": values for name, values in found.items()}
