"""From an attribution of pixels to one of regions (XRAI: Kapishnikov et al. 2019, 1906.02825)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fe_saliency import segments
from fe_saliency.method.baseline import Baseline


@dataclass(frozen=True)
class Regions:
    """Add regions of the image one by one, each time the one whose new pixels have the most attribution on average.

    Args:
        scales: The scales of the segmentations; the regions are those of all of them.
        channels: What of a pixel's channels counts: "max", as in the authors' code, with which a region is below 0 only
            where all channels are, or "sum", with which the map sums to what it was made of.
        least: What adds no more than this share of the image is left out.

    Raises:
        ValueError: Another `channels`, a scale that is not above 0, or a share that is not from 0 to 1.
    """

    scales: tuple[float, ...] = (50, 100, 150, 250, 500, 1200)
    channels: str = "max"
    least: float = 0.001

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", tuple(self.scales))
        if self.channels not in ("max", "sum"):
            raise ValueError(f"`channels` (={self.channels!r}) must be 'max' or 'sum'.")
        if not self.scales or not all(scale > 0 for scale in self.scales):
            raise ValueError(f"`scales` (={self.scales}) must hold numbers above 0, at least one.")
        if not 0 <= self.least < 1:
            raise ValueError(f"`least` (={self.least}) must be at least 0 and below 1: a share of the image.")

    def baselines(self) -> tuple[Baseline, ...]:
        """Where the paths begin if the caller does not say: their maps are averaged."""
        return Extreme("min"), Extreme("max")

    def of(self, image: np.ndarray, attribution: np.ndarray) -> np.ndarray:
        """The map of regions, (H, W).

        Args:
            image: (H, W, C).
            attribution: Of its pixels, (H, W, C).
        """
        flat = attribution.max(axis=-1) if self.channels == "max" else attribution.sum(axis=-1)
        return self.ranked(flat, segments.felzenszwalb(image, self.scales))

    def ranked(self, attribution: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Each pixel's region's attribution: the mean over the pixels that the region added, (H, W).

        Args:
            attribution: Of each pixel, (H, W).
            masks: The regions, bool (N, H, W); they may overlap.
        """
        values = attribution.reshape(-1).astype(np.float64)
        inside = masks.reshape(len(masks), -1)
        least = max(1, round(self.least * values.size))
        # What each region would add: how many pixels, and how much attribution.
        count = inside.sum(axis=1)
        total = inside @ values
        free = np.ones(values.size, bool)
        found = np.zeros(values.size)
        while (count >= least).any():
            gain = np.where(count >= least, total / np.maximum(count, 1), -np.inf)
            best = int(gain.argmax())
            new = np.flatnonzero(inside[best] & free)
            found[new] = values[new].mean()
            free[new] = False
            taken = inside[:, new]
            count = count - taken.sum(axis=1)
            total = total - taken @ values[new]
        if free.any():
            found[free] = values[free].mean()
        return found.reshape(attribution.shape)


@dataclass(frozen=True)
class Extreme(Baseline):
    """The darkest or the brightest number of each row, everywhere: black or white, as far as the image knows them.

    Args:
        which: "min" or "max".
    """

    which: str

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        end: np.ndarray = getattr(rows, self.which)(axis=tuple(range(1, rows.ndim)), keepdims=True)
        return np.broadcast_to(end, rows.shape)
