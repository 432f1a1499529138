"""What a figure is made of: columns of text, images, masks, signed maps and signals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from fe_saliency.display.column_checks import (
    check_blank,
    check_one_channel,
    check_parts,
    check_picture,
    check_signals,
)
from fe_saliency.display.parts import Parts

_BY_ROW = ("images", "masks", "maps", "signals", "blank", "parts")
_Picture = TypeVar("_Picture", bound="_Pictures")


@dataclass(frozen=True, eq=False)
class TextColumn:
    """One short text per row, such as a class name.

    Args:
        title: What stands above the column.
        texts: B texts; anything but a string is shown as `str` gives it.
        correct: Per row True (green, with a tick), False (red, with a cross) or None (as it is);
            None for all of them.

    Raises:
        ValueError: If `correct` has another length than `texts`.
    """

    title: str
    texts: Sequence[object]
    correct: Sequence[bool | None] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.texts, (str, bytes)):
            raise TypeError(f"`texts` (={self.texts!r}) of column '{self.title}' must be a list with one text per row.")
        if self.correct is not None and len(self.correct) != len(self.texts):
            raise ValueError(
                f"`correct` (of length {len(self.correct)}) of column '{self.title}' must have "
                f"one entry for each of the {len(self.texts)} texts."
            )

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def heading(self) -> str:
        return self.title


class _Pictures:
    """What columns of pictures have in common."""

    title: str
    parts: Parts | None = None
    holds: ClassVar[str]  # The name of the field with the array

    def __len__(self) -> int:
        return len(self.values)

    @property
    def values(self) -> np.ndarray:
        """What is drawn."""
        found: np.ndarray = getattr(self, self.holds)
        return found

    @property
    def heading(self) -> str:
        return f"{self.title} (middle slice)" if self.values.ndim == 5 and self.parts is None else self.title

    def only(self: _Picture, row: int) -> _Picture:
        """The same column of one row."""
        kept: dict[str, Any] = {name: getattr(self, name, None) for name in _BY_ROW}
        changed = {name: value[row : row + 1] for name, value in kept.items() if value is not None}
        return replace(self, **changed)  # type: ignore[type-var]


@dataclass(frozen=True, eq=False)
class ImageColumn(_Pictures):
    """One picture per row, in its own colours.

    Args:
        title: What stands above the column.
        images: Floats in [0, 1] or uint8, channels last: (B, H, W, C), (B, H, W); (B, F), the rows
            of a table; (B, T, C), signals; (B, D, H, W, C), volumes, of which the middle slice is
            shown. Three channels are RGB; of other numbers the mean is shown.
        signal: Whether an array of rank 3 is (B, T, C), not (B, H, W). None: if its last axis is 4
            at most.
        blank: Per row whether there is no picture, because its numbers are not finite: the cell is grey and says so.
            None for no such row.
        parts: Of volumes, the slices that are shown side by side in the place of the middle one. Of tables, the
            features that are listed, by their labels, in the place of a strip of all. None for no choice.

    Raises:
        TypeError: If the images are neither floats nor uint8.
        ValueError: If the shape is none of these, a float is outside [0, 1], `blank` has another length, or `parts` are
            not of these rows.
    """

    holds = "images"

    title: str
    images: np.ndarray
    signal: bool | None = None
    blank: Sequence[bool] | None = None
    parts: Parts | None = None

    def __post_init__(self) -> None:
        check_picture(self.images, self.title, "images", "to_unit")
        check_blank(self.blank, self.images, self.title)
        check_parts(self.parts, self.images, self.title)


@dataclass(frozen=True, eq=False)
class MaskColumn(_Pictures):
    """One mask per row, drawn in the figure's colour scale.

    Args:
        title: What stands above the column.
        masks: Floats in [0, 1] or uint8: (B, H, W, 1), (B, H, W), (B, F), (B, T, 1) or
            (B, D, H, W, 1).
        blank: As of `ImageColumn`.
        parts: As of `ImageColumn`; the features of tables are drawn as bars.

    Raises:
        TypeError: If the masks are neither floats nor uint8.
        ValueError: If the shape is none of these, a float is outside [0, 1], `blank` has another length, or `parts` are
            not of these rows.
    """

    holds = "masks"

    title: str
    masks: np.ndarray
    blank: Sequence[bool] | None = None
    parts: Parts | None = None

    def __post_init__(self) -> None:
        check_picture(self.masks, self.title, "masks", "to_mask")
        check_one_channel(self.masks, self.title, "masks", "to_mask")
        check_blank(self.blank, self.masks, self.title)
        check_parts(self.parts, self.masks, self.title)


@dataclass(frozen=True, eq=False)
class SignedColumn(_Pictures):
    """One signed map per row: red above zero, blue below, white at zero.

    Args:
        title: What stands above the column.
        maps: Floats in [-1, 1], as `to_signed` returns them, channels last: (B, H, W, 1),
            (B, H, W), (B, F), (B, T, 1) or (B, D, H, W, 1).
        blank: As of `ImageColumn`.
        parts: As of `MaskColumn`.

    Raises:
        TypeError: If the maps are not floats.
        ValueError: If the shape is none of these, a value is outside [-1, 1], `blank` has another length, or `parts`
            are not of these rows.
    """

    holds = "maps"

    title: str
    maps: np.ndarray
    blank: Sequence[bool] | None = None
    parts: Parts | None = None

    def __post_init__(self) -> None:
        check_picture(self.maps, self.title, "maps", "to_signed", low=-1)
        check_one_channel(self.maps, self.title, "maps", "to_signed")
        check_blank(self.blank, self.maps, self.title)
        check_parts(self.parts, self.maps, self.title)


@dataclass(frozen=True, eq=False)
class SignalColumn(_Pictures):
    """One signal per row, drawn as lines, each channel in a lane of its own, before the colours of a map.

    Args:
        title: What stands above the column.
        signals: Finite floats of any range, (B, T, C): each channel is stretched to its lane.
        maps: What colours the background: floats (B, T, 1), in [0, 1] for masks, in [-1, 1] if `signed`. None: white.
        signed: Whether `maps` are signed.
        blank: As of `ImageColumn`.

    Raises:
        TypeError: If the maps are not floats.
        ValueError: If there are no such signals, the maps do not lie over them, or `blank` has another length.
    """

    holds = "signals"

    title: str
    signals: np.ndarray
    maps: np.ndarray | None = None
    signed: bool = False
    blank: Sequence[bool] | None = None

    def __post_init__(self) -> None:
        check_signals(self.signals, self.maps, self.title, low=-1 if self.signed else 0)
        check_blank(self.blank, self.signals, self.title)


PictureColumn = ImageColumn | MaskColumn | SignedColumn | SignalColumn
Column = TextColumn | PictureColumn
