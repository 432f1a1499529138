"""From a record to the columns of a figure."""

from __future__ import annotations

import numpy as np

from fe_saliency.display import (
    ImageColumn,
    MaskColumn,
    Section,
    SignedColumn,
    TextColumn,
    blend,
    blend_signed,
    channels_last,
    scale_caption,
    to_mask,
    to_signed,
    to_unit,
)
from fe_saliency.display.legend import CAPTION, SIGNED_CAPTION
from fe_saliency.display.rows import finite_rows
from fe_saliency.labels import Labels
from fe_saliency.record import Record

OVERLAY = "Overlay"
Column = TextColumn | ImageColumn | MaskColumn | SignedColumn


def sections(record: Record, rows: int | None = None, label: str | None = None) -> list[Section]:
    """One section of a figure for each model input.

    Args:
        record: As the Saliency Trace makes it.
        rows: How many of its rows are drawn, from the first; None for all.
        label: What stands above the rows, or None.
    """
    return [Section(columns(record, key, rows), label) for key in record.inputs]


def columns(record: Record, key: str, rows: int | None = None) -> list[Column]:
    """True and predicted classes, input, overlay and all maps of one model input."""
    shown = input_column(record, key, rows)
    maps = {name: map_column(record, name, key, rows) for name in record.maps}
    measured = maps[record.settings["measured"]]
    over = (
        blend_signed(shown.images, measured.maps)
        if isinstance(measured, SignedColumn)
        else blend(shown.images, measured.masks)
    )
    return [
        *class_columns(record, rows),
        shown,
        ImageColumn(OVERLAY, over, blank=measured.blank),
        *maps.values(),
    ]


def input_column(record: Record, key: str, rows: int | None = None) -> ImageColumn:
    """One model input; rows that are not finite are blank."""
    raw, blank = _blanked(record.inputs[key][:rows])
    return ImageColumn(f"Input {key}", to_unit(raw, record.channel_axis), blank=blank)


def map_column(record: Record, name: str, key: str, rows: int | None = None) -> MaskColumn | SignedColumn:
    """One map of one model input, on the record's scale or, if it has none there, its own; as `input_column`."""
    raw, blank = _blanked(record.maps[name][key][:rows])
    title, axis = record.settings["titles"][name], record.channel_axis
    scale = (record.settings["scales"] or {}).get(name, {}).get(key)
    if record.settings["signed"]:
        return SignedColumn(title, channels_last(to_signed(raw, axis, scale), axis), blank)
    return MaskColumn(title, channels_last(to_mask(raw, axis, scale), axis), blank)


def class_columns(record: Record, rows: int | None = None) -> list[TextColumn]:
    """The true class, if it is known, and the class predicted by each output."""
    found: list[TextColumn] = []
    labels, true = Labels(record.settings["names"]), None
    if record.labels is not None:
        true = labels.of(record.labels[:rows])
        found.append(TextColumn(f"True {record.settings['class_key']}", true))
    # With several outputs there is no telling which of them the one true class belongs to, and a name in the data
    # cannot be compared with a number from the model.
    comparable = record.labels is not None and len(record.predictions) == 1 and labels.common_to(record.labels)
    for key, classes in record.predictions.items():
        known = (classes[:rows] >= 0).tolist()  # -1 stands for no class
        predicted = [name if is_one else "-" for name, is_one in zip(labels.of(classes[:rows]), known, strict=True)]
        right = None
        if comparable:
            right = [a == b if is_one else None for a, b, is_one in zip(predicted, true or [], known, strict=True)]
        found.append(TextColumn(f"Predicted {key}", predicted, right))
    return found


def captions(record: Record, key: str, name: str | None = None) -> tuple[str, str]:
    """What stands beside the colour bars of masks and of signed maps, of all maps or of one."""
    masks, signed = _scale_captions(record, key, name)
    score = record.settings.get("score", "output")
    told = "" if score == "output" else f"; the score explained is the {score.replace('_', '-')}"
    if any(each in record.settings["controls"] for each in _shown(record, name)):
        told += "; controls are explained for the class that the trained model predicts"
    return masks + told, signed + told


def _scale_captions(record: Record, key: str, name: str | None) -> tuple[str, str]:
    scales, titles = record.settings["scales"] or {}, record.settings["titles"]
    numbers = {titles[each]: scales[each][key] for each in _shown(record, name) if each in scales}
    if not numbers:
        return CAPTION, SIGNED_CAPTION
    own = [titles[each] for each in _shown(record, name) if each not in scales]  # such as controls
    origin = record.settings["scale_origin"]
    return scale_caption(numbers, origin, own=own), scale_caption(numbers, origin, signed=True, own=own)


def _shown(record: Record, name: str | None) -> list[str]:
    return list(record.maps) if name is None else [name]


def _blanked(values: np.ndarray) -> tuple[np.ndarray, list[bool]]:
    """Values that can be drawn, zeros in rows that are not finite, and which rows these are."""
    blank, values = ~finite_rows(values), np.array(values)
    values[blank] = 0
    return values, blank.tolist()
