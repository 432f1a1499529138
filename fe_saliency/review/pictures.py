"""The columns that show one model input and its maps, by what the input is: images, signals, tables or volumes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fe_saliency.display import (
    ImageColumn,
    MaskColumn,
    Parts,
    SignalColumn,
    SignedColumn,
    TextColumn,
    blend,
    blend_signed,
    channels_last,
    to_mask,
    to_signed,
    to_unit,
)
from fe_saliency.display.rows import finite_rows
from fe_saliency.labels import check_feature_names
from fe_saliency.record import Record

OVERLAY = "Overlay"
#: At most so many features of a table are drawn, slices of a volume, and channels of a signal as lines.
FEATURES, SLICES, LANES = 8, 3, 8
_TABLE, _SIGNAL, _VOLUME = 2, 3, 5  # Ranks, the batch included
MapColumn = MaskColumn | SignedColumn
Column = TextColumn | ImageColumn | MapColumn | SignalColumn


def can_be_drawn(record: Record, key: str) -> bool:
    """Whether there are pictures of an input: (B, F), (B, T, C), (B, H, W, C) or (B, D, H, W, C), in any layout."""
    return record.inputs[key].ndim <= _VOLUME


def pictures(record: Record, key: str, rows: int | None = None) -> list[Column]:
    """The input, its overlay if it has one, and all maps; or, of what has no pictures, a column that says so."""
    if not can_be_drawn(record, key):
        told = f"shape {record.inputs[key].shape[1:]} cannot be drawn"
        return [TextColumn(f"Input {key}", [told] * len(record.inputs[key][:rows]))]
    parts = parts_of(record, key, rows)
    maps = {name: map_column(record, name, key, rows, parts) for name in record.maps}
    over = _overlay(record, key, rows, maps[record.settings["measured"]])
    return [input_column(record, key, rows, parts), *([] if over is None else [over]), *maps.values()]


def parts_of(
    record: Record, key: str, rows: int | None = None, most: int = SLICES, labels: bool = True
) -> Parts | None:
    """Which features of a table, or slices of a volume, are drawn of each row: where the measured map is largest.

    Of features, the largest, in the order of the table. Of slices, the one with most attribution in each of `most`
    equal parts of the depth.

    Args:
        record: What is drawn.
        key: One of its inputs.
        rows: How many of its rows are drawn, from the first; None for all.
        most: How many slices.
        labels: Whether they have labels.

    Returns:
        None of images and signals, which are drawn whole.

    Raises:
        ValueError: There is not one name for each feature.
    """
    raw = record.maps[record.settings["measured"]][key][:rows]
    if raw.ndim == _TABLE:
        indices = np.sort(np.argsort(-_sizes(raw), axis=1, kind="stable")[:, :FEATURES], axis=1)
        names = _feature_names(record, key)
        return Parts(indices, [[names[index] for index in row] for row in indices.tolist()] if labels else None)
    if raw.ndim == _VOLUME:
        size = _sizes(channels_last(raw, record.channel_axis))
        depth = size.shape[1]
        ends = np.unique(np.linspace(0, depth, most + 1).round().astype(int)).tolist()
        strongest = [low + size[:, low:high].argmax(axis=1) for low, high in zip(ends, ends[1:], strict=False)]
        indices = np.stack(strongest, axis=1)
        texts = [[f"{index + 1} of {depth}" for index in row] for row in indices.tolist()]
        return Parts(indices, texts if labels else None)
    return None


def input_column(record: Record, key: str, rows: int | None, parts: Parts | None) -> Column:
    """The input itself; rows that are not finite are blank."""
    title, (values, blank) = f"Input {key}", _blanked(record.inputs[key][:rows])
    if values.ndim == _SIGNAL:
        signals = channels_last(values, record.channel_axis)
        if signals.shape[2] <= LANES:
            return SignalColumn(title, signals.astype(np.float64), blank=blank)
    if values.ndim == _TABLE and parts is not None and parts.labels is not None:
        pairs = zip(parts.labels, parts.of(values).tolist(), strict=True)
        told = [[f"{name} = {value:.4g}" for name, value in zip(*pair, strict=True)] for pair in pairs]
        parts = Parts(parts.indices, told)
        shown, count = parts.indices.shape[1], values.shape[1]
        title += f" ({shown} of {count} features)" if shown < count else ""
    return ImageColumn(title, to_unit(values, record.channel_axis), True, blank, parts)


def map_column(
    record: Record, name: str, key: str, rows: int | None = None, parts: Parts | None = None
) -> MaskColumn | SignedColumn:
    """One map of one model input, on the record's scale or, if it has none there, its own; as `input_column`."""
    raw, blank = _blanked(record.maps[name][key][:rows])
    title, axis = record.settings["titles"][name], record.channel_axis
    scale = (record.settings["scales"] or {}).get(name, {}).get(key)
    if raw.ndim == _TABLE and scale is None:
        # Among few features the 99th percentile is the second largest: the largest would be as long a bar.
        largest = np.abs(raw).max(axis=1, keepdims=True)
        raw, scale = raw / np.where(largest > 0, largest, 1), 1.0
    if record.signed(name):
        return SignedColumn(title, channels_last(to_signed(raw, axis, scale), axis), blank, parts)
    return MaskColumn(title, channels_last(to_mask(raw, axis, scale), axis), blank, parts)


def _overlay(record: Record, key: str, rows: int | None, measured: MapColumn) -> Column | None:
    """The measured map laid over the input; a table has none."""
    (values, _), signed = _blanked(record.inputs[key][:rows]), isinstance(measured, SignedColumn)
    if values.ndim == _TABLE:
        return None
    if values.ndim == _SIGNAL:
        signals = channels_last(values, record.channel_axis).astype(np.float64)
        if signals.shape[2] <= LANES:
            return SignalColumn(OVERLAY, signals, measured.values, signed, measured.blank)
    picture = to_unit(values, record.channel_axis)
    over = blend_signed(picture, measured.values) if signed else blend(picture, measured.values)
    return ImageColumn(OVERLAY, over, blank=measured.blank, parts=measured.parts)


def _blanked(values: np.ndarray) -> tuple[np.ndarray, list[bool]]:
    """Values that can be drawn, zeros in rows that are not finite, and which rows these are."""
    blank, values = ~finite_rows(values), np.array(values)
    values[blank] = 0
    return values, blank.tolist()


def _sizes(values: np.ndarray) -> np.ndarray:
    """The attribution of each feature or slice: (B, n, ...) -> (B, n); what is not finite has none."""
    sizes = np.abs(np.where(np.isfinite(values), values, 0).astype(np.float64))
    total: np.ndarray = sizes.sum(axis=tuple(range(2, sizes.ndim)))
    return total


def _feature_names(record: Record, key: str) -> list[str]:
    count = record.inputs[key].shape[1]
    given: Mapping[str, list[str]] = record.settings.get("features") or {}
    names = given.get(key, [f"{key}[{index}]" for index in range(count)])
    check_feature_names(names, key, record.inputs[key].shape)
    return names
