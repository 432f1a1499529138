"""From the records of a run to its films: samples down, epochs across."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fe_saliency.archive import Run, load
from fe_saliency.display import (
    Frame,
    Parts,
    Section,
    TextColumn,
    animate,
    compose,
    film,
    reel,
    write_png,
)
from fe_saliency.labels import file_part
from fe_saliency.record import Record
from fe_saliency.review.figures import captions, class_columns, columns
from fe_saliency.review.pictures import Column, can_be_drawn, input_column, map_column, parts_of

#: From what is about to be done to what becomes of an error at it.
Guard = Callable[[str], AbstractContextManager[Any]]
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

    A red tab with the name of the region stands above the epochs at which a watched region warned, and under each map
    the class that the model predicted. Warnings and predictions are the trained model's own, so films of controls have
    neither: there stands the class that the map is explained for. A scale that was fixed at an epoch holds for the
    epochs before it, too. Of a table the features, and of a volume the slice, are the same in all epochs: those where
    the measured map of the last epoch is largest.

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
    scales = last.settings["scales"]
    frames = [_frame(record, name, key, rows, parts, scales) for record in records if name in record.maps]
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
    run: Run | str | Path,
    rows: int = ROWS,
    places: Collection[tuple[str, str]] | None = None,
    guard: Guard = nullcontext,
) -> list[Path]:
    """Write a film of every map, input with pictures and place of a training that was kept, into its folder.

    Args:
        run: What `fe_saliency.archive.load` gave, or the folder.
        rows: How many samples are shown, from the first.
        places: Of which (mode, dataset id) films are written; None for all.
        guard: In `guard(what)` each epoch is read, and each film written. If it lets no error pass, an epoch that
            cannot be read is left out of the films, and a film that cannot be written is left out alone.

    Returns:
        The strips, `film_<mode>[_<ds_id>]_<map>[_<input>].png`, with the input if there are several; beside each stands
        its animation, `.gif`. Names hold nothing that a shell reads: see `fe_saliency.labels.file_part`.
    """
    run = run if isinstance(run, Run) else load(run)
    written = []
    for mode, ds_id in run.places if places is None else [place for place in run.places if place in places]:
        whole = _readable(run, mode, ds_id, guard)
        if not whole.places:
            continue
        files = whole.files[mode, ds_id]
        last = whole.record(max(files), mode, ds_id)
        stem = files[last.epoch].stem.rsplit("_", 1)[0]  # as safe for a file system as the archive's own
        for name in last.maps:
            for key in [key for key in last.inputs if can_be_drawn(last, key)]:
                parts = [name, key] if len(last.inputs) > 1 else [name]
                path = run.folder / f"film_{'_'.join([stem, *map(file_part, parts)])}.png"
                while path in written:  # Names may differ in what no file name shows.
                    path = path.with_stem(f"{path.stem}-")
                with guard(f"write the film of '{name}' of '{key}' ({_place(mode, ds_id)})"):
                    film_of(whole, name, key, mode, ds_id, rows).save(path)
                    written.append(path)
    return written


def _readable(run: Run, mode: str, ds_id: str, guard: Guard) -> Run:
    """Those epochs of a place that can be read; empty if none can."""
    found = {}
    for epoch, path in run.files[mode, ds_id].items():
        with guard(f"read epoch {epoch} ({_place(mode, ds_id)}), which the films of all its maps lack now"):
            run.record(epoch, mode, ds_id)
            found[epoch] = path
    return replace(run, files={(mode, ds_id): found} if found else {})


def _place(mode: str, ds_id: str) -> str:
    return f"{mode} {ds_id}".strip()


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


def _frame(record: Record, name: str, key: str, rows: int, parts: Parts | None, scales: Any) -> Frame:
    record.settings["scales"] = scales  # It may have been fixed later.
    notes = class_columns(record, rows)[-1] if len(record.predictions) == 1 else None
    warnings = record.settings.get("warnings")
    marker = f"warning: {', '.join(warnings)}" if warnings else None
    if name in record.settings["controls"]:  # It predicts something else, and is not what is warned of.
        marker = None
        notes = notes and TextColumn(notes.title, [f"for {said}" for said in notes.texts])
    return Frame(record.epoch, map_column(record, name, key, rows, parts), notes, marker)
