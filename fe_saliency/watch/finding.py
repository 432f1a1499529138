"""What was found of one region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: What is worth a curve over the epochs.
NUMBERS = ("mass_ratio", "score_drop", "flipped", "warns")


@dataclass(frozen=True)
class Finding:
    """How much a model looks at a region, and how much it depends on it; means over rows.

    Args:
        region: The region's name.
        rows: Of how many rows the numbers are means: those of which the region is a part.
        mass: The share of the heat that lies in the region, 0 to 1.
        area: The share of the image's pixels that the region has.
        mass_ratio: The mean of each row's mass over its area: 1 where the heat does not care for the region.
        drops: {"blur", "mean", "noise": by how much the score of the class decided for falls if the region is so
            replaced}; -1 to 1 for probabilities.
        flips: {"blur", "mean", "noise": the share of rows whose decision changes}.
        warns: Whether `mass_ratio` and `score_drop` are both at their thresholds or above.
    """

    region: str
    rows: int
    mass: float
    area: float
    mass_ratio: float
    drops: Mapping[str, float]
    flips: Mapping[str, float]
    warns: bool

    @property
    def score_drop(self) -> float:
        """The smallest of `drops`: what no replacement can have made up by being something conspicuous itself."""
        return min(self.drops.values())

    @property
    def flipped(self) -> float:
        """The smallest of `flips`."""
        return min(self.flips.values())

    @property
    def numbers(self) -> dict[str, float]:
        """Those of `NUMBERS`; all are NaN where no row was tested."""
        return {name: float(getattr(self, name)) if self.rows else float("nan") for name in NUMBERS}

    def __str__(self) -> str:
        drops = ", ".join(f"{how} {drop:.2f}" for how, drop in self.drops.items())
        return (
            f"region '{self.region}' gets {self.mass:.1%} of the attribution on {self.area:.1%} of the image "
            f"({self.mass_ratio:.1f} times its share); replacing it lowers the score of the decided class by "
            f"{self.score_drop:.2f} at the least ({drops}) and changes {self.flipped:.0%} of {self.rows} decisions"
        )
