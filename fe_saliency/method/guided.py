"""Guided Integrated Gradients (Kapishnikov et al. 2021, 2106.09788): a path that avoids steep places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import op, stepwise
from fe_saliency.backend import Backend
from fe_saliency.method.bracket import Adaptive, Level, Sampling
from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method

#: What is less of the whole way than this is rounding.
_NOTHING = 1e-9


@dataclass(frozen=True)
class Guided(Adaptive):
    """Go from the baseline to the input in steps that move the elements of the smallest gradients first.

    After step t of T the L1 distance to the input is 1 - t / T of the whole. Each input of several goes its own way.
    The path is a chain of choices, and so is sensitive: noise of 1e-5 in a photo was seen to change the map of
    SqueezeNet by half of its norm.

    Args:
        fraction: The share of all elements that is moved at once, those of the smallest gradients, above 0 and at most
            1; with 1 the path is straight.
        max_dist: How far any element may be from the straight path, as a share of its own way, 0 to 1; with 0 the path
            is straight.

    Raises:
        ValueError: Out of these ranges.
    """

    fraction: float = 0.25
    max_dist: float = 0.02
    has_baseline = True
    default_samples = 100

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise ValueError(f"`fraction` (={self.fraction}) must be above 0 and at most 1.")
        if not 0 <= self.max_dist <= 1:
            raise ValueError(f"`max_dist` (={self.max_dist}) must be from 0 to 1.")

    def opening(self, level: Level, points: list[str]) -> tuple[list[TensorOp], list[str]]:
        found = level.keys("point")
        places = op.PathAt(
            inputs=points + level.keys("given") + self.positions(level), outputs=found + level.keys("difference")
        )
        return [places], found

    def origins(self, level: Level) -> tuple[list[TensorOp], list[str]]:
        return [], level.keys("given")

    def feed(self, level: Level, sampling: Sampling, samples: range, rows: np.ndarray) -> dict[str, np.ndarray]:
        return Path().feed(level, sampling, samples, rows)

    def feed_rows(self, level: Level, sampling: Sampling, rows: np.ndarray) -> dict[str, np.ndarray]:
        return Path().feed_rows(level, sampling, rows)

    def draws(self, level: Level) -> bool:
        return False

    def rounds(self, level: Level, most: int) -> list[int]:
        raise ValueError(
            "`tolerance` must be None for a path that is found on the way, which cannot be refined: give `nsamples`."
        )

    def statistic(self, level: Level, backend: Backend) -> stepwise.Followed:
        return stepwise.Followed(backend)

    def advance(
        self, gradient: np.ndarray, difference: np.ndarray, position: np.ndarray, step: int, steps: int
    ) -> np.ndarray:
        if step == steps - 1:
            return np.ones_like(position)
        goal = (step + 1) / steps
        low, high = max(goal - self.max_dist, 0.0), min(goal + self.max_dist, 1.0)
        way = np.abs(difference).reshape(len(difference), -1)
        now = np.maximum(position.reshape(way.shape), low)  # What fell behind catches up.
        # Elements that may still move, by the size of their gradients; the rest come last.
        size = np.abs(gradient).reshape(way.shape)
        size[(now >= high - _NOTHING) | (way == 0)] = np.inf
        room = high - now
        gain = way * room
        rank = int(self.fraction * (way.shape[1] - 1))
        left = (way * (goal - now)).sum(axis=1)
        nothing = _NOTHING * way.sum(axis=1)
        while (left > nothing).any():
            going = slice(None) if (left > nothing).all() else left > nothing
            some = size[going]
            last = np.partition(some, rank, axis=1)[:, rank : rank + 1]
            chosen = (some <= last) & (some < np.inf)
            reach = (gain[going] * chosen).sum(axis=1)
            part = np.minimum(left[going] / np.where(reach > 0, reach, np.inf), 1)
            now[going] += room[going] * chosen * part[:, None]
            size[going] = np.where(chosen, np.inf, some)
            left[going] = np.where((part < 1) | np.isinf(last[:, 0]), 0, left[going] - reach)
        return now.reshape(position.shape)


METHODS = (
    Method(
        "guided_integrated_gradients",
        "Guided Integrated Gradients",
        "Kapishnikov et al. 2021, arXiv 2106.09788",
        (Guided(),),
    ),
)
