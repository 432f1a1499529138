"""The numbers of each epoch, as FastEstimator's log has them and as its other traces read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from fastestimator.util.data import Data

from fe_saliency.measure import mean_known


class Told:
    """Writes numbers, and keeps the last ones of each mode for whoever monitors them.

    Args:
        names: The keys that must be found at the end of every epoch.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.last: dict[str, dict[str, float]] = {}

    def write(self, mode: str, found: Mapping[str, Mapping[str, float]], several: bool, data: Data) -> None:
        """Numbers by dataset id, told as FE does: `<key>|<ds_id>` if there are several; their mean can be monitored."""
        means: dict[str, list[float]] = {}
        for ds_id, numbers in found.items():
            for key, value in numbers.items():
                means.setdefault(key, []).append(value)
                if value == value:
                    data.write_with_log(f"{key}|{ds_id}" if several else key, value)
        known = {key: mean_known(np.array(values)) for key, values in means.items()}
        self.last.setdefault(mode, {}).update(known)

    def complete(self, mode: str, data: Data) -> None:
        """Leave what was not written as it was last, or as NaN: a monitor must find it, and neither is better."""
        for key in self.names:
            if key not in data:
                data.write_without_log(key, self.last.get(mode, {}).get(key, float("nan")))

    def state(self) -> dict[str, dict[str, float]]:
        """What must be restored for a monitor to go on with the same numbers."""
        return {mode: dict(numbers) for mode, numbers in self.last.items()}

    def restore(self, state: Mapping[str, Mapping[str, float]]) -> None:
        """Take over what `state` returned."""
        self.last = {mode: dict(numbers) for mode, numbers in state.items()}
