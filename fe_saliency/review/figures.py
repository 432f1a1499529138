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
    picture = to_unit(record.inputs[key][:rows], record.channel_axis)
    maps = {name: map_column(record, name, key, rows) for name in record.maps}
    measured = maps[record.settings["measured"]]
    over = (
        blend_signed(picture, measured.maps) if isinstance(measured, SignedColumn) else blend(picture, measured.masks)
    )
    return [
        *class_columns(record, rows),
        ImageColumn(f"Input {key}", picture),
        ImageColumn(OVERLAY, over, blank=measured.blank),
        *maps.values(),
    ]


def map_column(record: Record, name: str, key: str, rows: int | None = None) -> MaskColumn | SignedColumn:
    """One map of one model input, on the record's scale; rows that are not finite are blank."""
    raw, axis = record.maps[name][key][:rows], record.channel_axis
    finite = finite_rows(raw)
    raw, blank = np.where(finite.reshape(-1, *[1] * (raw.ndim - 1)), raw, 0), (~finite).tolist()
    title, scales = record.settings["titles"][name], record.settings["scales"]
    scale = None if scales is None else scales[name][key]
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
        predicted = labels.of(classes[:rows])
        right = [a == b for a, b in zip(predicted, true or [], strict=True)] if comparable else None
        found.append(TextColumn(f"Predicted {key}", predicted, right))
    return found


def captions(record: Record, key: str, name: str | None = None) -> tuple[str, str]:
    """What stands beside the colour bars of masks and of signed maps, of all maps or of one."""
    masks, signed = _scale_captions(record, key, name)
    score = record.settings.get("score", "output")
    explained = "" if score == "output" else f"; the score explained is the {score.replace('_', '-')}"
    return masks + explained, signed + explained


def _scale_captions(record: Record, key: str, name: str | None) -> tuple[str, str]:
    scales = record.settings["scales"]
    if scales is None:
        return CAPTION, SIGNED_CAPTION
    titles = record.settings["titles"]
    # Controls are drawn on the scale of the map that they control.
    shown = [name] if name else [each for each in record.maps if each not in record.settings["controls"]]
    numbers = {titles[each]: scales[each][key] for each in shown}
    origin = record.settings["scale_origin"]
    return scale_caption(numbers, origin), scale_caption(numbers, origin, signed=True)
