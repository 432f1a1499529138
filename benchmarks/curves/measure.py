"""Errors of maps against two converged references that are independent of each other and of the maps."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.curves.schemes import FAMILIES
from benchmarks.curves.subjects import subject

_FIRST_REFERENCE_SEED = 10**6


@dataclass(frozen=True)
class Effort:
    """How much is spent on one model.

    Args:
        rows: How many images.
        reference: {family: gradients of each of the two references}.
        samples: {family: gradients of all maps of one scheme and one number of gradients together}.
    """

    rows: int
    reference: dict[str, int]
    samples: dict[str, int]


@dataclass(frozen=True)
class Task:
    """One thing to measure.

    Args:
        model: A name that `subjects.subject` knows.
        score: "logit" or "probability".
        family: A name in `schemes.FAMILIES`.
        scheme: A name in the family's schemes; None for the references.
    """

    model: str
    score: str
    family: str
    scheme: str | None = None

    def runs(self, effort):
        """{number of gradients: how many maps of it are computed}."""
        family = FAMILIES[self.family]
        if self.scheme is None:
            return {effort.reference[self.family]: 1 if self.family == "given" else 2}
        scheme = family.schemes[self.scheme]
        if scheme.base:
            return {scheme.base: effort.samples[self.family] // scheme.base}
        if self.family == "given":
            return dict.fromkeys(scheme.counts, 1)
        return {count: max(2, effort.samples[self.family] // count) for count in scheme.counts}

    def cost(self, effort):
        """How many gradients it takes, over all rows."""
        return effort.rows * sum(count * repeats for count, repeats in self.runs(effort).items())

    def run(self, effort, folder):
        """{number of gradients: error of each row}, a root mean square over seeds relative to the norm of the map.

        The references are left in `folder`, and their own error is told under 0.
        """
        family = FAMILIES[self.family]
        scheme = family.schemes[self.scheme] if self.scheme else family.reference
        first = 0 if self.scheme else _FIRST_REFERENCE_SEED
        explained = subject(self.model, effort.rows, folder)
        path = Path(folder) / f"{self.model}_{self.score}_{self.family}.npy"
        maps = {
            count: np.stack([scheme.map(explained, count, first + run, self.score) for run in range(repeats)])
            for count, repeats in self.runs(effort).items()
        }
        maps = {count: found.reshape(*found.shape[:2], -1) for count, found in maps.items()}
        if self.scheme is None:
            (found,) = maps.values()
            np.save(path, found[[0, -1]])
            return {0: _apart(found[[0, -1]])}
        references = np.load(path)
        if scheme.base:
            (found,) = maps.values()
            maps = {count: _means(found, count // scheme.base) for count in scheme.counts}
        return {count: _relative(found, references) for count, found in maps.items() if len(found)}


def _means(maps, size):
    """The means of `size` maps at a time, at least two of them or none: (S, B, D) -> (S // size, B, D)."""
    groups = len(maps) // size
    if groups < 2:
        return maps[:0]
    return maps[: groups * size].reshape(groups, size, *maps.shape[1:]).mean(axis=1)


def _apart(references):
    """The relative error of the mean of two references (2, B, D), told by how far they lie apart: (B,)."""
    first, second = references.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.linalg.norm(first - second, axis=1) / 2 / np.sqrt((first * second).sum(axis=1))


def _relative(maps, references):
    """The relative error of maps (S, B, D), per row; (B,), NaN where the references are too rough to tell.

    The two references (2, B, D) err independently, so that their errors drop out of the mean of the products.
    """
    first, second = references.astype(np.float64)
    square = np.mean([((found - first) * (found - second)).sum(axis=1) for found in maps], axis=0)
    norm = (first * second).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(square / norm)
