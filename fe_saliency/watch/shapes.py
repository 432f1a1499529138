"""Regions that are at the same place in every image. Sizes are pixels (int) or a share of the image's side (float)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency import checks
from fe_saliency.watch.region import Region

SIDES = ("top", "bottom", "left", "right")
CORNERS = ("top left", "top right", "bottom left", "bottom right")


@dataclass(frozen=True)
class Fixed(Region):
    """A region that is at the same place in every image."""

    def masks(self, batch: Mapping[str, Any], shape: tuple[int, int, int]) -> np.ndarray:
        mask = np.zeros(shape[1:], bool)
        self._paint(mask)
        if mask.all() or not mask.any():
            raise ValueError(
                f"The region {self.name!r} ({self}) must be a part of the image, but of {shape[1]} x {shape[2]} pixels "
                f"it takes {'all' if mask.all() else 'none'}; give it another size."
            )
        return np.broadcast_to(mask, shape)

    @abstractmethod
    def _paint(self, mask: np.ndarray) -> None:
        """Set the region's pixels of `mask`, (H, W), to True."""


@dataclass(frozen=True)
class Corner(Fixed):
    """A square in a corner; of a size given as a share it has the proportions of the image.

    Args:
        where: "top left", "top right", "bottom left" or "bottom right".
        size: Its height and width, in pixels (int) or as a share of the image's (float, below 1).
        name: What findings call it.

    Raises:
        ValueError: An unknown corner, or a size out of its range.
        TypeError: A size that is no number.
    """

    where: str
    size: int | float

    def __post_init__(self) -> None:
        _one_of("where", self.where, CORNERS)
        _size("size", self.size)
        super().__post_init__()

    def _paint(self, mask: np.ndarray) -> None:
        vertical, horizontal = self.where.split()
        _along(_along(mask, vertical, self.size), horizontal, self.size)[...] = True

    def _description(self) -> str:
        return f"{self.where} corner"


@dataclass(frozen=True)
class Border(Fixed):
    """All that is near an edge of the image.

    Args:
        width: Its width, in pixels (int) or as a share of the image's height and width (float, below 1).
        name: What findings call it.

    Raises:
        ValueError: A width out of its range.
        TypeError: A width that is no number.
    """

    width: int | float

    def __post_init__(self) -> None:
        _size("width", self.width)
        super().__post_init__()

    def _paint(self, mask: np.ndarray) -> None:
        for side in SIDES:
            _along(mask, side, self.width)[...] = True

    def _description(self) -> str:
        return "border"


@dataclass(frozen=True)
class Strip(Fixed):
    """All along one side of the image: where captions, scales and watermarks are.

    Args:
        side: "top", "bottom", "left" or "right".
        thickness: How far it reaches into the image, in pixels (int) or as a share of the image's height, or for "left"
            and "right" width (float, below 1).
        name: What findings call it.

    Raises:
        ValueError: An unknown side, or a thickness out of its range.
        TypeError: A thickness that is no number.
    """

    side: str
    thickness: int | float

    def __post_init__(self) -> None:
        _one_of("side", self.side, SIDES)
        _size("thickness", self.thickness)
        super().__post_init__()

    def _paint(self, mask: np.ndarray) -> None:
        _along(mask, self.side, self.thickness)[...] = True

    def _description(self) -> str:
        return f"{self.side} strip"


@dataclass(frozen=True)
class Box(Fixed):
    """A rectangle. What reaches beyond the image is cut off.

    Args:
        x0: Its left edge, in pixels (int) or as a share of the image's width (float, below 1), from the left.
        y0: Its upper edge, in pixels or as a share of the image's height, from the top.
        width: In pixels, or as a share of the image's width.
        height: In pixels, or as a share of the image's height.
        name: What findings call it.

    Raises:
        ValueError: A number out of its range.
        TypeError: Something that is no number.
    """

    x0: int | float
    y0: int | float
    width: int | float
    height: int | float

    def __post_init__(self) -> None:
        for name in ("x0", "y0"):
            _size(name, getattr(self, name), least=0)
        for name in ("width", "height"):
            _size(name, getattr(self, name))
        super().__post_init__()

    def _paint(self, mask: np.ndarray) -> None:
        height, width = mask.shape
        left, top = _pixels(self.x0, width, 0), _pixels(self.y0, height, 0)
        mask[top : top + _pixels(self.height, height), left : left + _pixels(self.width, width)] = True

    def _description(self) -> str:
        return f"box at ({self.x0}, {self.y0})"


def _along(mask: np.ndarray, side: str, size: int | float) -> np.ndarray:
    """The view of (H, W) that lies along one of its sides."""
    view = mask if side in ("top", "bottom") else mask.T
    pixels = _pixels(size, len(view))
    return view[:pixels] if side in ("top", "left") else view[max(0, len(view) - pixels) :]


def _pixels(size: int | float, side: int, least: int = 1) -> int:
    """A size in whole pixels, of a share the nearest."""
    return int(size) if hasattr(size, "__index__") else max(least, int(np.floor(size * side + 0.5)))


def _size(name: str, value: int | float, least: int = 1) -> None:
    if hasattr(value, "__index__") or isinstance(value, bool):
        checks.whole(name, value, least)  # type: ignore[arg-type]
    elif not hasattr(value, "__float__"):
        raise TypeError(f"`{name}` (={value!r}) must be a number, not {type(value).__name__}.")
    elif not (0 < value < 1 or (value == 0 and least == 0)):
        raise ValueError(
            f"`{name}` (={value}) must be a whole number of pixels, at least {least}, or a share of the image's side "
            f"{'from' if least == 0 else 'above'} 0 and below 1; for {value:.0f} pixels give an int."
        )


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"`{name}` (={value!r}) must be one of {', '.join(map(repr, known))}.")
