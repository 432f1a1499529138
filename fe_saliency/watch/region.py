"""A named place in images: the same in each, or told for each by the batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fe_saliency.backend import to_numpy
from fe_saliency.measure import regions


@dataclass(frozen=True)
class Region(ABC):
    """A place where a model should not look.

    Args:
        name: What findings call it; if it is empty, a description.
    """

    name: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self._description())

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that a batch must have to tell where the region is."""
        return ()

    @abstractmethod
    def masks(self, batch: Mapping[str, Any], shape: tuple[int, int, int]) -> np.ndarray:
        """Where the region is.

        Args:
            batch: Holds `keys`, B rows each.
            shape: (B, H, W).

        Returns:
            bool (B, H, W).

        Raises:
            ValueError: The region does not fit images of H x W, or the batch does not tell where it is.
        """

    @abstractmethod
    def _description(self) -> str:
        """A name for a region that was given none."""


@dataclass(frozen=True)
class RegionKey(Region):
    """What the batch holds under a key: masks or boxes, in the formats of `fe_saliency.measure.regions`.

    Rows without a region, and rows that are nothing else, are left out of findings.

    Args:
        key: The key.
        name: What findings call it; the key, if it is empty.
    """

    key: str

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)

    def masks(self, batch: Mapping[str, Any], shape: tuple[int, int, int]) -> np.ndarray:
        if self.key not in batch:
            raise ValueError(f"`batch` has no key {self.key!r}, which tells where the region {self.name!r} is.")
        rows, height, width = shape
        found = regions(to_numpy(batch[self.key]), height, width, self.key)
        if len(found) != rows:
            raise ValueError(f"`batch[{self.key!r}]` holds {len(found)} regions, but there are {rows} images.")
        return found

    def _description(self) -> str:
        return self.key
