"""From a record to the columns of a figure."""

from __future__ import annotations

from fe_saliency.display import Section, TextColumn, scale_caption
from fe_saliency.display.legend import BARS_CAPTION, CAPTION, SIGNED_BARS_CAPTION, SIGNED_CAPTION
from fe_saliency.labels import Labels
from fe_saliency.record import Record
from fe_saliency.review.pictures import Column, pictures


def sections(record: Record, rows: int | None = None, label: str | None = None) -> list[Section]:
    """One section of a figure for each model input.

    Args:
        record: As the Saliency Trace makes it.
        rows: How many of its rows are drawn, from the first; None for all.
        label: What stands above the rows, or None.
    """
    return [Section(columns(record, key, rows), label) for key in record.inputs]


def columns(record: Record, key: str, rows: int | None = None) -> list[Column]:
    """True and predicted classes, and what `pictures` shows of one model input."""
    return [*class_columns(record, rows), *pictures(record, key, rows)]


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
        bars = record.inputs[key].ndim == 2
        return (BARS_CAPTION, SIGNED_BARS_CAPTION) if bars else (CAPTION, SIGNED_CAPTION)
    titles = record.settings["titles"]
    # Controls are drawn on the scale of the map that they control.
    shown = [name] if name else [each for each in record.maps if each not in record.settings["controls"]]
    numbers = {titles[each]: scales[each][key] for each in shown}
    origin = record.settings["scale_origin"]
    return scale_caption(numbers, origin), scale_caption(numbers, origin, signed=True)
