"""Numbers about the maps of each epoch: how they move, how focused they are, how far they can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fe_saliency import measure
from fe_saliency.checks import whole
from fe_saliency.control import entropy_rise
from fe_saliency.heat import heat
from fe_saliency.record import Record

_SIMILAR = ("rank_correlation", "cosine", "ssim")
#: Group -> its numbers. Each is a mean over the rows where it is defined.
GROUPS: dict[str, tuple[str, ...]] = {
    "drift": (*(f"{name}_to_previous" for name in _SIMILAR), *(f"{name}_to_reference" for name in _SIMILAR)),
    "concentration": ("gini", "entropy", "effective_pixels"),
    "trust": ("relative_error", "completeness_gap", "unusable"),
    "decision": ("score", "margin"),
    "region": ("mass_share", "area_share", "rank_accuracy", "pointing_game"),
    "control": ("emprt",),
}
PerRow = dict[str, np.ndarray]  # {number: (B,)}


class Measures:
    """What is measured of each record, and the earlier ones that it is compared with.

    Args:
        groups: Names of `GROUPS`, or True for all ("region" and "control" if they can be told), or False for none.
        region_key: The key of masks or boxes in the batch (see `fe_saliency.measure.regions`), or None.
        reference: At which epoch, or the first one drawn after it, the reference of the drift is taken.
        per_class: Whether all numbers are told for each class too.
        controls: Which controls there are.

    Raises:
        ValueError: An unknown group, "region" without a key, or "control" without the control.
        TypeError: An argument of the wrong kind.
    """

    def __init__(
        self,
        groups: bool | str | Iterable[str],
        region_key: str | None = None,
        reference: int = 1,
        per_class: bool = False,
        controls: Sequence[str] = (),
    ) -> None:
        impossible = {"region": region_key is None, "control": "randomised" not in controls}
        if isinstance(groups, bool):
            groups = [name for name in GROUPS if not impossible.get(name)] if groups else []
        self.groups = [groups] if isinstance(groups, str) else list(groups)
        strangers = sorted(set(self.groups) - set(GROUPS))
        if strangers:
            raise ValueError(f"`measures` (={self.groups}) must be True or of {', '.join(map(repr, GROUPS))}.")
        if "region" in self.groups and impossible["region"]:
            raise ValueError("`measures` (with 'region') needs `region_key`: the key of masks or boxes in the batch.")
        if "control" in self.groups and impossible["control"]:
            raise ValueError("`measures` (with 'control') needs `controls` with 'randomised'.")
        self.region_key = region_key
        self.reference = whole("reference", reference)
        self.per_class = bool(per_class)
        self._previous: dict[Any, Record] = {}
        self._references: dict[Any, Record] = {}

    @property
    def names(self) -> list[str]:
        """All numbers, in the order of their groups."""
        return [name for group in self.groups for name in GROUPS[group]]

    def see(self, record: Record, rows: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
        """{input key: {number: mean over rows}} of a record; with `per_class` also `<number>_class_<class>`.

        NaN stands for what is not defined: the drift of a first epoch, a region that no row has.

        Args:
            record: The newest of its place.
            rows: What the batch held beside: the region key, (B, ...).
        """
        found: dict[str, dict[str, float]] = {}
        classes = record.labels if record.labels is not None else next(iter(record.targets.values()))
        for key in record.inputs:
            numbers = self._per_row(record, key, rows)
            found[key] = {name: measure.mean_known(values) for name, values in numbers.items()}
            for one in np.unique(classes) if self.per_class else ():
                named = one.decode() if isinstance(one, bytes) else str(one)
                found[key] |= {
                    f"{name}_class_{named}": measure.mean_known(values[classes == one])
                    for name, values in numbers.items()
                }
        if record.epoch >= self.reference:
            self._references.setdefault(record.place, _compared(record))
        self._previous[record.place] = _compared(record)
        return found

    def state(self) -> Any:
        """What must be restored for an interrupted training to go on with the same comparisons."""
        return dict(self._previous), dict(self._references)

    def restore(self, state: Any) -> None:
        """Take over what `state` returned."""
        self._previous, self._references = map(dict, state)

    def _per_row(self, record: Record, key: str, rows: Mapping[str, np.ndarray]) -> PerRow:
        """All numbers of one input's map."""
        name = record.settings["measured"]
        raw = record.maps[name][key]
        hot = heat(raw, record.channel_axis)
        makers: dict[str, Callable[[], PerRow]] = {
            "drift": lambda: self._drift(record, key, raw, hot),
            "concentration": lambda: {each: getattr(measure, each)(hot) for each in GROUPS["concentration"]},
            "trust": lambda: _trust(record, name, hot),
            "decision": lambda: {
                "score": np.sum(list(record.scores.values()), axis=0),
                "margin": np.min(list(record.margins.values()), axis=0),
            },
            "region": lambda: self._region(hot, rows),
            "control": lambda: _control(record, key, raw),
        }
        found: PerRow = {}
        for group in self.groups:
            found |= makers[group]()
        return found

    def _drift(self, record: Record, key: str, raw: np.ndarray, hot: np.ndarray) -> PerRow:
        found: PerRow = {}
        for other, kept in (("previous", self._previous), ("reference", self._references)):
            before = kept.get(record.place)
            for name in _SIMILAR:
                undefined = np.full(record.rows, np.nan)
                found[f"{name}_to_{other}"] = undefined if before is None else _similarity(name, before, key, raw, hot)
        return found

    def _region(self, hot: np.ndarray, rows: Mapping[str, np.ndarray]) -> PerRow:
        if hot.ndim != 3:
            raise ValueError(f"`region_key` (={self.region_key!r}) needs images, but maps are {hot.shape[1:]} a row.")
        key, (_, height, width) = str(self.region_key), hot.shape
        region = measure.regions(rows[key], height, width, key)
        found = {name: getattr(measure, name)(hot, region) for name in GROUPS["region"] if name != "area_share"}
        return {**found, "area_share": measure.area_share(region)}


def _similarity(name: str, before: Record, key: str, raw: np.ndarray, hot: np.ndarray) -> np.ndarray:
    old = before.maps[before.settings["measured"]][key]
    if name == "cosine":
        return measure.cosine(raw, old)
    found: np.ndarray = getattr(measure, name)(hot, heat(old, before.channel_axis))
    return found


def _control(record: Record, key: str, raw: np.ndarray) -> PerRow:
    if "randomised" not in record.maps:  # It failed, and was told of.
        return {"emprt": np.full(record.rows, np.nan)}
    return {"emprt": entropy_rise({key: raw}, {key: record.maps["randomised"][key]}, record.channel_axis).ratio}


def _trust(record: Record, name: str, hot: np.ndarray) -> PerRow:
    unknown = np.full(record.rows, np.nan)
    gaps = record.completeness_gap
    return {
        "relative_error": record.relative_error.get(name, unknown),
        "completeness_gap": np.abs(gaps[name] if name in gaps else next(iter(gaps.values()), unknown)),
        "unusable": measure.unusable(hot).astype(np.float64),
    }


def _compared(record: Record) -> Record:
    """What later records are compared with: the measured map alone."""
    name = record.settings["measured"]
    empty: dict[str, Any] = {}
    return Record(
        record.epoch, record.mode, record.ds_id, record.channel_axis, record.inputs, {name: record.maps[name]},
        empty, empty, empty, empty, empty, empty, None, {"measured": name},
    )  # fmt: skip
