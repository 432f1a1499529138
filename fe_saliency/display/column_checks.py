"""What the columns of a figure refuse."""

from collections.abc import Sequence

import numpy as np

from fe_saliency.display.parts import Parts


def check_picture(values: np.ndarray, title: str, name: str, remedy: str, low: int = 0) -> None:
    """Refuse what is no array of pictures from `low` to 1; bytes are pictures if `low` is 0."""
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


def check_one_channel(values: np.ndarray, title: str, name: str, remedy: str) -> None:
    """Refuse maps of several channels."""
    if values.ndim > 3 and values.shape[-1] != 1:
        raise ValueError(
            f"`{name}` (of shape {values.shape}) of column '{title}' must have one "
            f"channel, the last: `{remedy}` sums them, `channels_last` moves them."
        )


def check_signals(signals: np.ndarray, maps: np.ndarray | None, title: str, low: int) -> None:
    """Refuse what are no signals, or maps that do not lie over them."""
    numbers = isinstance(signals, np.ndarray) and signals.dtype.kind == "f" and signals.ndim == 3
    if not numbers or not signals.size or not np.isfinite(signals).all():
        raise ValueError(
            f"`signals` (of shape {np.shape(signals)}) of column '{title}' must be finite floats, (B, T, C), with "
            "nothing empty."
        )
    if maps is None:
        return
    check_picture(maps, title, "maps", "to_signed" if low else "to_mask", low)
    if maps.shape != (*signals.shape[:2], 1):
        raise ValueError(
            f"`maps` (of shape {maps.shape}) of column '{title}' must be (B, T, 1) over `signals` (of shape "
            f"{signals.shape}): bring the channels of both to the end with `channels_last`."
        )


def check_blank(blank: Sequence[bool] | None, values: np.ndarray, title: str) -> None:
    """Refuse a `blank` that has not one entry per row."""
    if blank is not None and len(blank) != len(values):
        raise ValueError(
            f"`blank` (of length {len(blank)}) of column '{title}' must have one entry for each of the "
            f"{len(values)} rows."
        )


def check_parts(parts: Parts | None, values: np.ndarray, title: str) -> None:
    """Refuse parts of what has none, or that are not there."""
    if parts is None:
        return
    if values.ndim not in (2, 5) or len(parts) != len(values):
        raise ValueError(
            f"`parts` (of {len(parts)} rows) of column '{title}' must be of the {len(values)} rows of a table, (B, F), "
            f"or of volumes, (B, D, H, W, C), not of shape {values.shape}."
        )
    if parts.indices.size and not 0 <= parts.indices.min() <= parts.indices.max() < values.shape[1]:
        raise ValueError(
            f"`parts` (from {parts.indices.min()} to {parts.indices.max()}) of column '{title}' must be from 0 to "
            f"{values.shape[1] - 1}."
        )
