"""A bracket: K samples of what stands inside it, opened before the model and reduced after the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency.backend import Backend
from fe_saliency.method.baseline import Baseline
from fe_saliency.statistic import Statistic


@dataclass(frozen=True)
class Level:
    """The place of a bracket in a network, and the keys it may use there.

    Args:
        depth: 0 for the outermost bracket.
        inputs: The keys of the model inputs, which hold the clean rows.
        baselines: One baseline per model input.
        open_ended: Whether nobody knows how many samples there will be: sample k must then be fixed by its number k.
        channel_axis: 1 for channels-first points, -1 for channels-last; None for the framework's own layout.
    """

    depth: int
    inputs: tuple[str, ...]
    baselines: tuple[Baseline, ...]
    open_ended: bool = False
    channel_axis: int | None = None

    def key(self, what: str) -> str:
        """A key of this bracket's own."""
        return f"SaliencyNet_{self.depth}_{what}"

    def keys(self, what: str) -> list[str]:
        """Keys of this bracket's own, one per model input."""
        return [f"{self.key(what)}_{index}" for index in range(len(self.inputs))]


@dataclass(frozen=True)
class Sampling:
    """What a bracket is told of one call.

    Args:
        nsamples: K, how many samples it takes.
        stdev_spread: Noise as a share of a row's range.
        seed: The seed of all patterns.
        channel_axis: 1 for channels-first rows, -1 for channels-last.
        rows: The clean rows of each model input, (B, ...), in the order of the keys.
    """

    nsamples: int
    stdev_spread: float
    seed: int
    channel_axis: int
    rows: Sequence[np.ndarray]


class Bracket:
    """What one nesting level of a method does; subclasses are frozen data, and may be nested in any order."""

    #: How many samples are taken if the caller does not say.
    default_samples = 25
    #: How many are taken at most, where an accuracy is asked for and the caller does not say.
    most_samples = 1024
    #: Whether it is a path from a baseline to the input.
    has_baseline = False
    #: Whether the baseline is its own, so that the caller cannot give one.
    own_baseline = False
    #: Whether the baselines must be drawn from data.
    from_data = False
    #: Whether all samples lie on one path, so that the baseline cannot be drawn anew for each; zero if nothing is said.
    one_path = False
    #: Whether the statistic reads the score of each sample, in the place of its weight. Innermost only.
    scored = False
    #: Whether the gradient at one sample decides where the next is taken; see `Adaptive`. Innermost only.
    adaptive = False
    #: Whether it samples the model's weights and not its inputs; it must then be the outermost.
    of_weights = False
    #: Whether its result has a sign where what stands inside has one.
    signed = True

    @property
    def least_samples(self) -> int:
        """The fewest samples that make sense."""
        return 1

    def check(self, level: Level, rows: Sequence[np.ndarray]) -> None:
        """Raise ValueError if the bracket cannot sample these rows (B, ...), one array per input."""
        self.check_baselines(level)

    def check_baselines(self, level: Level) -> None:
        """Raise ValueError if the bracket has no use for the baselines, whatever the rows."""
        drawn = [key for key, each in zip(level.inputs, level.baselines, strict=True) if each.drawn]
        if self.one_path and drawn:
            raise ValueError(
                f"`baseline` for {drawn} must not be random, as it is drawn anew for each point and "
                f"{type(self).__name__} needs all points on one path; give 'zero', a number or an array."
            )

    def opening(self, level: Level, points: list[str]) -> tuple[list[TensorOp], list[str]]:
        """The ops that fold samples into `points` (one key per input), and the keys they leave them under."""
        raise NotImplementedError

    def closing(self, level: Level, gradients: list[str]) -> tuple[list[TensorOp], list[str]]:
        """The ops that turn gradients at the samples into what is to be reduced, and its keys."""
        return [], gradients

    def feed(self, level: Level, sampling: Sampling, samples: range, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The numbers that `opening` reads for these samples of the rows of these numbers, int64 (R,)."""
        raise NotImplementedError

    def feed_rows(self, level: Level, sampling: Sampling, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The numbers that `opening` reads of these rows, (R, ...) each, and that are the same for all samples."""
        return {}

    def origins(self, level: Level) -> tuple[list[TensorOp], list[str]]:
        """If it has a baseline: the ops that make just the baselines, and their keys, one per input."""
        raise NotImplementedError

    def ends_clean(self, sampling: Sampling) -> bool:
        """Whether the last sample is the clean input itself."""
        return False

    def draws(self, level: Level) -> bool:
        """Whether the bracket draws at random, so that its result has a Monte-Carlo error."""
        return True

    def weights(self, level: Level, sampling: Sampling, samples: range) -> np.ndarray | None:
        """The weight of each of these samples, (K,), if the statistic wants one."""
        return None

    def rounds(self, level: Level, most: int) -> list[int]:
        """If `level` is open-ended: after how many samples the error is judged, at most `most`.

        Raises:
            ValueError: The error cannot be judged from so few.
        """
        raise NotImplementedError

    def factor(
        self, sampling: Sampling, sample: int, number: int, shape: Sequence[int], axes: Sequence[int]
    ) -> np.ndarray:
        """If it is of weights: what one weight tensor is multiplied by in this sample, float32 of its shape.

        Args:
            sampling: What the bracket is told of the call.
            sample: The number of the sample.
            number: Which weight tensor, counted from the input side.
            shape: Its shape, in the model's own layout.
            axes: Its axes in the order of channels-last frameworks, (..., in, out).
        """
        raise NotImplementedError

    def statistic(self, level: Level, backend: Backend) -> Statistic:
        """A new statistic that reduces the samples."""
        raise NotImplementedError


class Adaptive(Bracket):
    """A bracket whose samples are steps: the gradient at one decides where the next is taken.

    It stands innermost, and takes one step of all rows at a time. `opening` reads from `positions` where that is, and
    leaves under `level.keys("difference")` by how much a point moves if its position goes from 0 to 1.
    """

    adaptive = True
    one_path = True

    def positions(self, level: Level) -> list[str]:
        """The keys of the positions, one per input and each of the shape of its points; all are 0 at first."""
        return level.keys("position")

    def advance(
        self, gradient: np.ndarray, difference: np.ndarray, position: np.ndarray, step: int, steps: int
    ) -> np.ndarray:
        """The positions after a step.

        Args:
            gradient: At the points of one input, (R, ...), in the precision of the model, float32 at least.
            difference: What `opening` left, (R, ...), likewise.
            position: Where the gradient was taken, float64 (R, ...).
            step: Which step, 0 to `steps` - 1; all positions are 1 after the last.
            steps: How many there are.
        """
        raise NotImplementedError


def growing(least: int, most: int, step: int) -> list[int]:
    """Multiples of `step` from `least` on, each about half as large again as the one before, and the last up to `most`.

    Raises:
        ValueError: `most` is below `least`.
    """
    if most < least:
        raise ValueError(
            f"`nsamples` (={most}) must be at least {least} with a `tolerance`: it is the most samples a row may take, "
            f"and the error cannot be told from fewer."
        )
    last, rounds = most // step * step, [least]
    while rounds[-1] < last:
        rounds.append(min(last, -(-rounds[-1] * 3 // 2 // step) * step))
    return rounds
