"""Where a Trace computes, as opposed to where FastEstimator may call it.

FE's TensorBoard demands the keys of its images in every mode and for every dataset id, so a Trace that leaves them must
be registered everywhere, also where it computes nothing. But FE also demands a Trace's inputs wherever it is
registered, and training data may lack them. FE asks each Trace "do you run here?" (by intersecting `mode` and `ds_id`
with its own) right before it reads `inputs`. The answer is always yes, and the question is remembered: `inputs` can
then be those of the place that was asked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastestimator.util.base_util import to_set

MODES = ("train", "eval", "test", "infer")


class Everywhere(set[str]):
    """A set that meets every other set, and remembers what it was last asked about."""

    def __init__(self, members: Iterable[str] = ()) -> None:
        super().__init__(members)
        self.asked: frozenset[str] = frozenset()

    def intersection(self, *others: Iterable[Any]) -> set[str]:
        self.asked = frozenset(member for other in others for member in other)
        return set(self.asked) or set(self)


class Places:
    """The modes and dataset ids in which something is computed.

    Args:
        mode: As in every FE Trace: None for all, names, or names with "!" for all others.
        ds_id: As in every FE Trace: None for all, ids, or ids with "!" for all others.

    Raises:
        ValueError: An unknown mode, or names with "!" among names without.
    """

    def __init__(self, mode: None | str | Iterable[str], ds_id: None | str | Iterable[str]) -> None:
        modes = _one_sided("mode", to_set(mode))
        strangers = {name.lstrip("!") for name in modes} - set(MODES)
        if strangers:
            raise ValueError(
                f"`mode` (={mode!r}) must be None or of {', '.join(map(repr, MODES))}, each with a '!' in "
                f"front to mean all others; {sorted(strangers)} are not."
            )
        self.ds_ids = _one_sided("ds_id", to_set(ds_id))
        refused = {name[1:] for name in modes if name.startswith("!")}
        self.modes: list[str] = [
            name for name in MODES if (not modes or refused or name in modes) and name not in refused
        ]

    def hold(self, mode: str, ds_id: str) -> bool:
        """Whether something is computed in `mode` for `ds_id` ('' for the only dataset of a mode)."""
        if mode not in self.modes:
            return False
        if not self.ds_ids:
            return True
        if any(name.startswith("!") for name in self.ds_ids):
            return "!" + ds_id not in self.ds_ids
        return ds_id in self.ds_ids

    def hold_any(self, modes: Iterable[str], ds_ids: Iterable[str]) -> bool:
        """Whether something is computed at any of these; none given means all."""
        return any(
            self.hold(mode, ds_id) if ds_ids else mode in self.modes
            for mode in (modes or MODES)
            for ds_id in (ds_ids or [""])
        )


def _one_sided(name: str, values: set[str]) -> set[str]:
    if any(not isinstance(value, str) or not value for value in values) or len({v.startswith("!") for v in values}) > 1:
        raise ValueError(
            f"`{name}` (={sorted(map(str, values))}) must be names, either all with a '!' in front or none."
        )
    return values
