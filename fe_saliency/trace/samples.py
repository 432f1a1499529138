"""The samples whose maps are drawn: copied when they are first seen, and the same ever after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from fastestimator.pipeline import Pipeline

from fe_saliency.backend import to_numpy
from fe_saliency.checks import whole
from fe_saliency.display.rows import finite_rows
from fe_saliency.trace.registration import Places

#: Of one batch no more rows are kept than this, unless a number was asked for.
BATCH_ROWS = 16

Place = tuple[str, str]  # (mode, dataset id)
Rows = dict[str, np.ndarray]


class Samples:
    """Keeps rows of some keys per mode and dataset id.

    Args:
        keys: The keys to keep.
        wanted: None for one batch (at most `BATCH_ROWS` rows of it); a number of rows; or the rows themselves, by key,
            for all modes.
        padded: Those of `keys` whose rows may be of several shapes, such as boxes, of which each image has its own
            number. Where batches are joined, they are filled up with zeros, which `measure.regions` takes for no box.

    Raises:
        ValueError: Too small a number, or given rows that lack a key, are empty or of different number.
        TypeError: None of these kinds.
    """

    def __init__(self, keys: Sequence[str], wanted: None | int | Mapping[str, Any], padded: Sequence[str] = ()) -> None:
        self.keys = list(keys)
        self.padded = set(padded)
        self.fixed: Rows | None = None
        self.limit = BATCH_ROWS
        self.one_batch = wanted is None
        self._kept: dict[Place, list[Rows]] = {}
        self._full: dict[Place, bool] = {}
        if isinstance(wanted, Mapping):
            self.fixed = _given(wanted, self.keys)
        elif wanted is not None:
            self.limit = whole("samples", wanted)

    @property
    def count(self) -> int:
        """How many rows there will be at each place, at the most."""
        return self.limit if self.fixed is None else len(self.fixed[self.keys[0]])

    def most(self, places: Sequence[Place]) -> int:
        """How many rows are drawn of these places of one mode, at the most if they are not all kept yet."""
        if self.fixed is not None:
            return self.count if places else 0
        return sum(self._number(place) if self._full.get(place) else self.limit for place in places)

    def of_epoch(self, epoch: int, pipeline: Pipeline, modes: Iterable[str], places: Places) -> int:
        """How many rows are drawn in an epoch, over all its modes and dataset ids, at the most."""
        held = [[(mode, ds_id) for ds_id in pipeline.get_ds_ids(epoch, mode)] for mode in modes]
        return sum(self.most([place for place in each if places.hold(*place)]) for each in held)

    def wants(self, place: Place) -> bool:
        """Whether rows of `place` are still to be kept."""
        return self.fixed is None and not self._full.get(place, False)

    def keep(self, place: Place, data: Mapping[str, Any]) -> int:
        """Copy what is still wanted of a batch. If that fails, the rest of the epoch is left alone.

        Returns:
            How many rows of the batch were left out although one batch was wanted.
        """
        self._full[place] = True
        arrays = {key: to_numpy(data[key]) for key in self.keys}
        seen, room = len(arrays[self.keys[0]]), self.limit - self._number(place)
        self._kept.setdefault(place, []).append({key: np.array(array[:room]) for key, array in arrays.items()})
        self._full[place] = self.one_batch or seen >= room
        return max(0, seen - room) if self.one_batch else 0

    def close(self, place: Place) -> None:
        """Keep no more at `place`: later epochs must show the same rows."""
        self._full[place] = bool(self._kept.get(place))

    def at(self, place: Place) -> Rows | None:
        """The rows of `place`, or None if there are none.

        Raises:
            ValueError: Those of several batches differ in shape.
        """
        if self.fixed is not None:
            return self.fixed
        parts = self._kept.get(place)
        if not parts:
            return None
        if len(parts) > 1:
            parts[:] = [{key: self._joined(key, [part[key] for part in parts]) for key in self.keys}]
        return parts[0]

    def state(self) -> dict[str, Any]:
        """What must be restored for an interrupted training to go on with the same rows."""
        return {"kept": {place: list(parts) for place, parts in self._kept.items()}, "full": dict(self._full)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""
        self._kept = {place: list(parts) for place, parts in state["kept"].items()}
        self._full = dict(state["full"])

    def _joined(self, key: str, parts: list[np.ndarray]) -> np.ndarray:
        """The rows of several batches."""
        if key in self.padded and len({part.ndim for part in parts}) == 1:
            most = np.max([part.shape[1:] for part in parts], axis=0)
            parts = [np.pad(part, [(0, 0), *((0, size) for size in most - part.shape[1:])]) for part in parts]
        shapes = {part.shape[1:] for part in parts}
        if len(shapes) > 1:
            raise ValueError(
                f"Rows of `{key}` have the shapes {sorted(shapes)} in different batches, but are explained together. "
                "Give them one shape, by `fe.op.numpyop.multivariate.Resize` for example; or take fixed rows, "
                "`samples={...}`, or those of the first batch, `samples=None`."
            )
        return np.concatenate(parts)

    def _number(self, place: Place) -> int:
        return sum(len(part[self.keys[0]]) for part in self._kept.get(place, []))


def explainable(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which rows a net can explain, bool (B,): those of finite numbers alone.

    If there is none, all are: the error that the net then raises says what is wrong with them.

    Args:
        inputs: {input key: (B, ...)}.
    """
    finite: np.ndarray = np.all([finite_rows(array) for array in inputs.values()], axis=0)
    return finite if finite.any() else ~finite


def _given(wanted: Mapping[str, Any], keys: Sequence[str]) -> Rows:
    missing = [key for key in keys if key not in wanted]
    if missing:
        raise ValueError(
            f"`samples` lacks the key(s) {missing}: it must hold every model input, and if they are given `class_key`, "
            f"`region_key` and the keys of watched regions; it has {sorted(map(str, wanted))}."
        )
    rows = {key: np.array(to_numpy(wanted[key])) for key in keys}
    lengths = {key: len(array) if array.ndim else 0 for key, array in rows.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(
            f"`samples` must hold the same number of rows under each key, at least one, but has {lengths}."
        )
    return rows
