"""What a figure is made of: columns of text, images, masks and signed maps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


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


@dataclass(frozen=True, eq=False)
class ImageColumn:
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

    Raises:
        TypeError: If the images are neither floats nor uint8.
        ValueError: If the shape is none of these, a float is outside [0, 1], or `blank` has another length.
    """

    title: str
    images: np.ndarray
    signal: bool | None = None
    blank: Sequence[bool] | None = None

    def __post_init__(self) -> None:
        _check_picture(self.images, self.title, "images", "to_unit")
        _check_blank(self.blank, self.images, self.title)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def heading(self) -> str:
        return _heading(self.title, self.images)


@dataclass(frozen=True, eq=False)
class MaskColumn:
    """One mask per row, drawn in the figure's colour scale.

    Args:
        title: What stands above the column.
        masks: Floats in [0, 1] or uint8: (B, H, W, 1), (B, H, W), (B, F), (B, T, 1) or
            (B, D, H, W, 1).
        blank: As of `ImageColumn`.

    Raises:
        TypeError: If the masks are neither floats nor uint8.
        ValueError: If the shape is none of these, a float is outside [0, 1], or `blank` has another length.
    """

    title: str
    masks: np.ndarray
    blank: Sequence[bool] | None = None

    def __post_init__(self) -> None:
        _check_picture(self.masks, self.title, "masks", "to_mask")
        _check_one_channel(self.masks, self.title, "masks", "to_mask")
        _check_blank(self.blank, self.masks, self.title)

    def __len__(self) -> int:
        return len(self.masks)

    @property
    def heading(self) -> str:
        return _heading(self.title, self.masks)


@dataclass(frozen=True, eq=False)
class SignedColumn:
    """One signed map per row: red above zero, blue below, white at zero.

    Args:
        title: What stands above the column.
        maps: Floats in [-1, 1], as `to_signed` returns them, channels last: (B, H, W, 1),
            (B, H, W), (B, F), (B, T, 1) or (B, D, H, W, 1).
        blank: As of `ImageColumn`.

    Raises:
        TypeError: If the maps are not floats.
        ValueError: If the shape is none of these, a value is outside [-1, 1], or `blank` has another length.
    """

    title: str
    maps: np.ndarray
    blank: Sequence[bool] | None = None

    def __post_init__(self) -> None:
        _check_picture(self.maps, self.title, "maps", "to_signed", low=-1)
        _check_one_channel(self.maps, self.title, "maps", "to_signed")
        _check_blank(self.blank, self.maps, self.title)

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def heading(self) -> str:
        return _heading(self.title, self.maps)


PictureColumn = ImageColumn | MaskColumn | SignedColumn
Column = TextColumn | PictureColumn


def _heading(title: str, values: np.ndarray) -> str:
    return f"{title} (middle slice)" if values.ndim == 5 else title


def _check_picture(values: np.ndarray, title: str, name: str, remedy: str, low: int = 0) -> None:
    where, kinds = f"of column '{title}'", "floats" if low else "floats or uint8"
    in_bytes = isinstance(values, np.ndarray) and values.dtype == np.uint8
    if not isinstance(values, np.ndarray) or not (values.dtype.kind == "f" or (in_bytes and not low)):
        raise TypeError(
            f"`{name}` (={getattr(values, 'dtype', type(values).__name__)}) {where} must be a "
            f"NumPy array of {kinds}: use `{remedy}`."
        )
    if not 2 <= values.ndim <= 5 or 0 in values.shape[1:]:
        raise ValueError(
            f"`{name}` (of shape {values.shape}) {where} must be (B, H, W, C), (B, H, W), (B, F), "
            "(B, T, C) or (B, D, H, W, C), with nothing empty."
        )
    # Written so that NaN fails it too.
    if not in_bytes and values.size and not (values.min() >= low and values.max() <= 1):
        raise ValueError(
            f"`{name}` (from {values.min()} to {values.max()}) {where} must be in [{low}, 1]: use `{remedy}`."
        )


def _check_one_channel(values: np.ndarray, title: str, name: str, remedy: str) -> None:
    if values.ndim > 3 and values.shape[-1] != 1:
        raise ValueError(
            f"`{name}` (of shape {values.shape}) of column '{title}' must have one "
            f"channel, the last: `{remedy}` sums them, `channels_last` moves them."
        )


def _check_blank(blank: Sequence[bool] | None, values: np.ndarray, title: str) -> None:
    if blank is not None and len(blank) != len(values):
        raise ValueError(
            f"`blank` (of length {len(blank)}) of column '{title}' must have one entry for each of the "
            f"{len(values)} rows."
        )
