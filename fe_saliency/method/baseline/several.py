"""Several baselines, one after the other, whose maps are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fe_saliency.method.baseline.base import Baseline
from fe_saliency.method.baseline.resolve import one


@dataclass(frozen=True, eq=False)
class Several(Baseline):
    """Several baselines: the map is the mean of the maps of each, and complete against the mean of s(b).

    Each of them takes all the samples that are asked for. Where several inputs have several baselines each, the first
    of one goes with the first of the others, and so on.

    Args:
        baselines: At least one of what `baseline=` takes: names, numbers, arrays, Baselines.

    Raises:
        ValueError: None at all, an unknown name, or a Several among them.
        TypeError: Not a list, or one of them is of the wrong kind.
    """

    baselines: Sequence[Any]

    def __post_init__(self) -> None:
        if not isinstance(self.baselines, (list, tuple)):
            raise TypeError(f"`baselines` (a {type(self.baselines).__name__}) must be a list of baselines.")
        found = tuple(one(each) for each in self.baselines)
        if not found or any(isinstance(each, Several) for each in found):
            raise ValueError(f"`baselines` (={list(found)}) must name at least one baseline, and no Several.")
        object.__setattr__(self, "baselines", found)


def apart(baselines: Sequence[Baseline]) -> list[tuple[Baseline, ...]]:
    """What is to be run one after the other: for each of several baselines one tuple with one entry per input.

    Raises:
        ValueError: Inputs with different numbers of several baselines.
    """
    counts = {len(each.baselines) for each in baselines if isinstance(each, Several)} or {1}
    if len(counts) > 1:
        raise ValueError(
            f"`baseline` names {sorted(counts)} baselines for different inputs: where inputs have several, they must "
            "have equally many."
        )
    (count,) = counts
    columns = [each.baselines if isinstance(each, Several) else [each] * count for each in baselines]
    return list(zip(*columns, strict=True))
