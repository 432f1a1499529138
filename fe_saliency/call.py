"""What one call asks for, and how far it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fe_saliency import checks, plan
from fe_saliency.method import Baseline, Level, Method, Several, apart, resolve
from fe_saliency.op.gather import checked_scale


@dataclass(frozen=True)
class Call:
    """What one call asks for, beside its batch.

    Args:
        method: The method.
        nsamples: As `Method.samples` takes it; with a tolerance the first number is the most a row may take.
        stdev_spread: Noise as a share of each row's range.
        baseline: As `fe_saliency.method.baseline.resolve` takes it.
        target: As `fe_saliency.target.given` takes it.
        score: The scale of the scores.
        layer: The name or index of a layer to explain, None for the inputs.
        seed: 0 to 2 ** 64 - 1.
        max_rows: "auto" or a number.
        tolerance: The relative error at which a row has enough samples, or None.
        diagnose: Whether to measure errors and the completeness gap, which takes forward passes at the baselines.
    """

    method: Method
    nsamples: None | int | Sequence[int] = None
    stdev_spread: float = 0.15
    baseline: Any = None
    target: Any = None
    score: str = "output"
    layer: None | str | int = None
    seed: int = 0
    max_rows: str | int = "auto"
    tolerance: float | None = None
    diagnose: bool = False

    def __post_init__(self) -> None:
        checked_scale(self.score)
        if self.layer is not None and (isinstance(self.layer, bool) or not isinstance(self.layer, (str, int))):
            raise TypeError(f"`layer` (={self.layer!r}) must be the name (str) or the index (int) of a layer, or None.")
        checks.seed("seed", self.seed)
        object.__setattr__(self, "stdev_spread", checks.spread("stdev_spread", self.stdev_spread))
        plan.limit(self.max_rows)
        checks.flag("diagnose", self.diagnose)
        if self.tolerance is not None:
            object.__setattr__(self, "tolerance", checks.tolerance("tolerance", self.tolerance))
        self.method.samples(self.nsamples, self.tolerance is not None)
        brackets, regions = self.method.brackets, self.method.regions
        wanted = any(each.has_baseline and not each.own_baseline for each in brackets)
        if self.baseline is not None and not wanted:
            raise ValueError(
                f"`baseline` must be None for the method {self.method.name!r}, which has no path from a given one."
            )
        if self.baseline is None and wanted and not any(each.from_data for each in brackets):
            if regions is not None:
                object.__setattr__(self, "baseline", Several(regions.baselines()))
            elif any(each.one_path for each in brackets):
                object.__setattr__(self, "baseline", "zero")

    def baselines(self, keys: Sequence[str]) -> list[tuple[Baseline, ...]]:
        """What is run one after the other: for each of several baselines one tuple with one entry per key.

        Raises:
            ValueError: As `resolve` and `apart` of `fe_saliency.method`.
            TypeError: As these.
        """
        return apart(resolve(self.baseline, keys))


@dataclass(frozen=True)
class Effort:
    """How far a call goes.

    Args:
        counts: How many samples each bracket takes, the outermost first; with a tolerance the first is the most.
        rounds: After how many samples of the outermost bracket the errors are judged; the last is the end.
        tolerance: The relative error at which a row has enough; None to take all samples.
        diagnose: Whether errors and gaps are wanted, beside what a tolerance is judged by.
    """

    counts: tuple[int, ...]
    rounds: tuple[int, ...]
    tolerance: float | None = None
    diagnose: bool = False

    @property
    def judged(self) -> bool:
        """Whether errors are found at all."""
        return self.diagnose or self.tolerance is not None


def effort_of(call: Call, levels: Sequence[Level]) -> Effort:
    """How far `call` goes, whose method's brackets stand at `levels`.

    Raises:
        ValueError: A tolerance that cannot be judged.
    """
    counts = call.method.samples(call.nsamples, call.tolerance is not None)
    if call.tolerance is None:
        return Effort(counts, counts[:1], None, call.diagnose)
    outer, *inner = zip(call.method.brackets, levels, strict=True)
    if not outer[0].of_weights and any(bracket.draws(level) for bracket, level in inner):
        raise ValueError(
            f"`tolerance` (={call.tolerance}) cannot be judged where an inner bracket draws at random: all samples of "
            "the outer one share the draws, so their error cannot be told. For a path inside noise give `baseline`, "
            "'zero' for example."
        )
    rounds = outer[0].rounds(outer[1], counts[0])
    return Effort((rounds[-1], *counts[1:]), tuple(rounds), call.tolerance, call.diagnose)
