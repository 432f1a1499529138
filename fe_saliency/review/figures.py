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
        known = (classes[:rows] >= 0).tolist()  # -1 stands for no class
        predicted = [name if is_one else "-" for name, is_one in zip(labels.of(classes[:rows]), known, strict=True)]
        right = None
        if comparable:
            right = [a == b if is_one else None for a, b, is_one in zip(predicted, true or [], known, strict=True)]
        found.append(TextColumn(f"Predicted {key}", predicted, right))
    return found


def captions(record: Record, key: str, name: str | None = None) -> tuple[str, str]:
    """What stands beside the colour bars of masks and of signed maps, of all maps or of one.

    Each bar tells the scales of its own maps; what holds for all stands beside the last bar.
    """
    shown = list(record.maps) if name is None else [name]
    signed = [each for each in shown if record.signed(each)]
    masks = [each for each in shown if each not in signed]
    score = record.settings.get("score", "output")
    told = "" if score == "output" else f"; the score explained is the {score.replace('_', '-')}"
    if any(each in record.settings["controls"] for each in shown):
        told += "; controls are explained for the class that the trained model predicts"
    both = _scale_caption(record, key, masks, False), _scale_caption(record, key, signed, True)
    return (both[0], both[1] + told) if signed else (both[0] + told, both[1])


def _scale_caption(record: Record, key: str, names: list[str], signed: bool) -> str:
    scales, titles = record.settings["scales"] or {}, record.settings["titles"]
    bars = record.inputs[key].ndim == 2
    numbers = {titles[each]: scales[each][key] for each in names if each in scales}
    if not numbers:
        own = (BARS_CAPTION, SIGNED_BARS_CAPTION) if bars else (CAPTION, SIGNED_CAPTION)
        return own[signed]
    alone = [titles[each] for each in names if each not in scales]  # such as controls
    return scale_caption(numbers, record.settings["scale_origin"], signed, alone, bars)
