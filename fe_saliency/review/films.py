"""From the records of a run to its films: samples down, epochs across."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from fe_saliency.archive import Run, load
from fe_saliency.display import (
    Frame,
    Parts,
    Section,
    animate,
    compose,
    film,
    reel,
    write_png,
)
from fe_saliency.record import Record
from fe_saliency.review.figures import captions, class_columns, columns
from fe_saliency.review.pictures import Column, can_be_drawn, input_column, map_column, parts_of

#: A strip of more rows or epochs is not read any more.
ROWS, EPOCHS = 8, 20


@dataclass(frozen=True, eq=False)
class Film:
    """The history of one map.

    Args:
        strip: (H, W, 3) uint8, samples down and epochs across.
        pictures: The same epoch by epoch, (H, W, 3) uint8 each, for an animation.
    """

    strip: np.ndarray
    pictures: list[np.ndarray]

    def save(self, path: Path) -> None:
        """Write the strip as PNG and the animation as GIF, under a path whose suffix they replace."""
        write_png(path.with_suffix(".png"), self.strip)
        animate(path.with_suffix(".gif"), self.pictures)


def film_of(
    run: Run | str | Path,
    name: str | None = None,
    key: str | None = None,
    mode: str | None = None,
    ds_id: str | None = None,
    rows: int = ROWS,
) -> Film:
    """The film of one map of a training that was kept (`Saliency(save_dir=...)`).

    A red tab stands above the epochs at which a watched region warned. Of a table the features, and of a volume the
    slice, are the same in all epochs: those where the measured map of the last epoch is largest.

    Args:
        run: What `fe_saliency.archive.load` gave, or the folder.
        name: The map, such as "vanilla"; None for the measured one.
        key: The model input; None for the first.
        mode: May be left out if there is only one.
        ds_id: May be left out if there is only one.
        rows: How many samples are shown, from the first.

    Raises:
        FileNotFoundError: Nothing was kept there.
        ValueError: No such map, input or place; or an input that has no pictures.
    """
    run = run if isinstance(run, Run) else load(run)
    epochs = run.epochs(mode, ds_id)
    last = run.record(epochs[-1], mode, ds_id)
    name = _one_of("name", name, list(last.maps), last.settings["measured"])
    key = _one_of("key", key, list(last.inputs), next(iter(last.inputs)))
    if not can_be_drawn(last, key):
        raise ValueError(f"`key` (={key!r}) must be an input with pictures, but is of shape {last.inputs[key].shape}.")
    parts, labelled = (parts_of(last, key, rows, most=1, labels=each) for each in (False, True))
    records = (run.record(epoch, mode, ds_id) for epoch in _some(run, epochs, mode, ds_id))
    # A control that failed in an epoch has no map there.
    frames = [_frame(record, name, key, rows, parts) for record in records if name in record.maps]
    lead: list[Column] = []
    if last.labels is not None:
        lead.append(class_columns(last, rows)[0])
    lead.append(input_column(last, key, rows, labelled))
    title, told = last.settings["titles"][name], captions(last, key, name)
    return Film(film(frames, lead, title, *told, most=EPOCHS, total=len(epochs)), reel(frames, lead, title, *told))


def figure_of(
    run: Run | str | Path,
    epoch: int | None = None,
    key: str | None = None,
    mode: str | None = None,
    ds_id: str | None = None,
    rows: int | None = None,
) -> np.ndarray:
    """The figure of one epoch of a training that was kept, (H, W, 3) uint8, as the Trace drew it.

    Args:
        run: What `fe_saliency.archive.load` gave, or the folder.
        epoch: Which one; None for the last.
        key: The model input; None for the first.
        mode: May be left out if there is only one.
        ds_id: May be left out if there is only one.
        rows: How many samples are shown, from the first; None for all.

    Raises:
        FileNotFoundError: Nothing was kept there.
        ValueError: No such epoch, input or place.
    """
    run = run if isinstance(run, Run) else load(run)
    record = run.record(run.epochs(mode, ds_id)[-1] if epoch is None else epoch, mode, ds_id)
    key = _one_of("key", key, list(record.inputs), next(iter(record.inputs)))
    caption, signed_caption = captions(record, key)
    return compose(Section(columns(record, key, rows)), caption, signed_caption=signed_caption)


def write_films(
    run: Run | str | Path, rows: int = ROWS, places: Collection[tuple[str, str]] | None = None
) -> list[Path]:
    """Write a film of every map, input with pictures and place of a training that was kept, into its folder.

    Args:
        run: What `fe_saliency.archive.load` gave, or the folder.
        rows: How many samples are shown, from the first.
        places: Of which (mode, dataset id) films are written; None for all.

    Returns:
        The strips, `film_<mode>[_<ds_id>]_<map>[_<input>].png`; beside each stands its animation, `.gif`.
    """
    run = run if isinstance(run, Run) else load(run)
    written = []
    for (mode, ds_id), files in run.files.items():
        if places is not None and (mode, ds_id) not in places:
            continue
        last = run.record(max(files), mode, ds_id)
        stem = next(iter(files.values())).stem.rsplit("_", 1)[0]  # as safe for a file system as the archive's own
        for name in last.maps:
            for number, key in enumerate(last.inputs):
                if not can_be_drawn(last, key):
                    continue
                part = f"_{number}" if len(last.inputs) > 1 else ""
                path = run.folder / f"film_{stem}_{quote(name, safe=' (),')}{part}.png"
                film_of(run, name, key, mode, ds_id, rows).save(path)
                written.append(path)
    return written


def _one_of(what: str, value: str | None, known: Sequence[str], default: str) -> str:
    if value is not None and value not in known:
        raise ValueError(f"`{what}` (={value!r}) must be one of {known}.")
    return default if value is None else value


def _some(run: Run, epochs: Sequence[int], mode: str | None, ds_id: str | None, most: int = 2 * EPOCHS) -> list[int]:
    """Of very many epochs, some, for they are in memory together: evenly spread, and those where warnings begin."""
    if len(epochs) <= most:
        return list(epochs)
    warns = [bool(run.record(epoch, mode, ds_id).settings.get("warnings")) for epoch in epochs]
    begin = [number for number in range(len(epochs)) if warns[number] and not (number and warns[number - 1])]
    spread = [round(number * (len(epochs) - 1) / (most - 1)) for number in range(most)]
    return [epochs[number] for number in sorted({*spread, *begin[:most]})]


def _frame(record: Record, name: str, key: str, rows: int, parts: Parts | None) -> Frame:
    notes = class_columns(record, rows)[-1] if len(record.predictions) == 1 else None
    marker = "warning" if record.settings.get("warnings") else None
    return Frame(record.epoch, map_column(record, name, key, rows, parts), notes, marker)
