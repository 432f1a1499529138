"""Numbers about the maps of each epoch: how they move, how focused they are, how far they can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fe_saliency import checks
from fe_saliency.labels import Labels, key_part
from fe_saliency.measure import mean_known
from fe_saliency.record import Record
from fe_saliency.trace.guard import NO_BETTER, Guard
from fe_saliency.trace.numbers import GROUPS, Numbers, PerRow


class Measures:
    """What is measured of each record, and the earlier ones that it is compared with.

    Args:
        groups: Names of `GROUPS`, or True for all ("region" and "control" if they can be told), or False for none.
        region_key: The key of masks or boxes in the batch (see `fe_saliency.measure.regions`), or None. With a key
            "region" is among the groups, whether named or not.
        reference: At which epoch, or the first one drawn after it, the reference of the drift is taken.
        per_class: Whether all numbers are told for each class too.
        controls: Which controls there are.
        labels: Names of the classes; None for their numbers.

    Raises:
        ValueError: An unknown group, "region" without a key, "control" without the control, a reference or classes of
            no numbers, or names of classes that are the same as part of a key.
        TypeError: An argument of the wrong kind.
    """

    def __init__(
        self,
        groups: bool | str | Iterable[str],
        region_key: str | None = None,
        reference: int = 1,
        per_class: bool = False,
        controls: Sequence[str] = (),
        labels: Labels | None = None,
    ) -> None:
        self.groups = _checked(groups, region_key, controls)
        self.region_key = region_key
        self.reference = checks.whole("reference", reference)
        self.per_class = bool(per_class)
        self._labels = labels or Labels(None)
        if self.reference != 1 and "drift" not in self.groups:
            raise ValueError(f"`reference` (={reference}) is for the drift: give `measures` with 'drift', or True.")
        if self.per_class and not self.groups:
            raise ValueError("`per_class` (=True) tells numbers for each class, but there are none: give `measures`.")
        self._classes = [*map(key_part, self._labels.mapping or ())] if self.per_class else []
        if len(set(self._classes)) < len(self._classes):
            raise ValueError(f"`label_mapping` names classes that `per_class` cannot tell apart: {self._classes}.")
        self._previous: dict[Any, Record] = {}
        self._references: dict[Any, Record] = {}

    @property
    def names(self) -> list[str]:
        """All numbers, in the order of their groups; then those of each class, if the classes have names."""
        found = [name for group in self.groups for name in GROUPS[group]]
        return found + [_of_class(name, each) for each in self._classes for name in found]

    def see(
        self, record: Record, rows: Mapping[str, np.ndarray], guard: Guard | None = None
    ) -> dict[str, dict[str, float]]:
        """{input key: {number: mean over rows}} of a record; with `per_class` also `<number>_class_<class>`.

        NaN stands for what is not defined: the drift of a first epoch, a region that no row has, an input that is no
        image where one is needed.

        Args:
            record: The newest of its place.
            rows: What the batch held beside: the region key, (B, ...).
            guard: What becomes of an error in a group, whose numbers are NaN then; None to raise it.
        """
        guard = guard or Guard()
        try:
            classes = self._members(record, guard) if self.per_class else {}
            return {key: _means(self._per_row(record, key, rows, guard), classes) for key in record.inputs}
        finally:
            if record.epoch >= self.reference:
                self._references.setdefault(record.place, _compared(record))
            self._previous[record.place] = _compared(record)

    def state(self) -> Any:
        """What must be restored for an interrupted training to go on with the same comparisons."""
        return dict(self._previous), dict(self._references)

    def restore(self, state: Any) -> None:
        """Take over what `state` returned."""
        self._previous, self._references = map(dict, state)

    def _members(self, record: Record, guard: Guard) -> dict[str, np.ndarray]:
        """{class, as part of a key: bool (B,), the rows of it}."""
        classes = record.labels if record.labels is not None else next(iter(record.targets.values()))
        known = classes >= 0 if record.labels is None else np.full(record.rows, True)  # -1 is no class
        with guard(f"The Saliency trace could not tell numbers for each class in {when(record)}"):
            named = np.array([key_part(name) for name in self._labels.of(classes)])
            return {each: known & (named == each) for each in np.unique(named[known]).tolist()}
        return {}

    def _per_row(self, record: Record, key: str, rows: Mapping[str, np.ndarray], guard: Guard) -> PerRow:
        """All numbers of one input's map."""
        of, place = Numbers(record, key), record.place
        makers: dict[str, Callable[[], PerRow]] = {
            "drift": lambda: of.drift(self._previous.get(place), self._references.get(place)),
            "concentration": of.concentration,
            "trust": of.trust,
            "decision": of.decision,
            "region": lambda: of.region(str(self.region_key), rows),
            "control": of.control,
        }
        found: PerRow = {}
        for group in self.groups:
            found |= dict.fromkeys(GROUPS[group], np.full(record.rows, np.nan))
            what = f"measure the {group} of '{key}' in {when(record)}, {NO_BETTER}"
            with guard(f"The Saliency trace could not {what}"):
                found |= makers[group]()
        return found


def when(record: Record) -> str:
    """Epoch, mode and dataset id, for messages."""
    return f"epoch {record.epoch} ({' '.join(filter(None, record.place))})"


def _checked(groups: bool | str | Iterable[str], region_key: str | None, controls: Sequence[str]) -> list[str]:
    """The groups that a user's arguments stand for."""
    if region_key is not None:
        checks.key("region_key", region_key, "masks or boxes")
    if not isinstance(groups, (bool, Iterable)):
        raise TypeError(f"`measures` (={groups!r}) must be True, False or of {', '.join(map(repr, GROUPS))}.")
    impossible = {"region": region_key is None, "control": "randomised" not in controls}
    if isinstance(groups, bool):
        groups = [name for name in GROUPS if not impossible.get(name)] if groups else []
    found = [groups] if isinstance(groups, str) else list(groups)
    if set(found) - set(GROUPS):
        raise ValueError(f"`measures` (={found}) must be True or of {', '.join(map(repr, GROUPS))}.")
    if "region" in found and impossible["region"]:
        raise ValueError("`measures` (with 'region') needs `region_key`: the key of masks or boxes in the batch.")
    if "control" in found and impossible["control"]:
        raise ValueError("`measures` (with 'control') needs `controls` with 'randomised'.")
    return found if region_key is None or "region" in found else [*found, "region"]


def _of_class(number: str, each: str) -> str:
    return f"{number}_class_{each}"


def _means(numbers: PerRow, classes: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Over all rows, and over those of each class."""
    found = {name: mean_known(values) for name, values in numbers.items()}
    for each, rows in classes.items():
        found |= {_of_class(name, each): mean_known(values[rows]) for name, values in numbers.items()}
    return found


def _compared(record: Record) -> Record:
    """What later records are compared with: the measured map alone."""
    name = record.settings["measured"]
    empty: dict[str, Any] = {}
    return Record(
        record.epoch, record.mode, record.ds_id, record.channel_axis, record.inputs, {name: record.maps[name]},
        empty, empty, empty, empty, empty, empty, None, {"measured": name},
    )  # fmt: skip
