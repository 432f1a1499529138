"""From the records of a run to its films: samples down, epochs across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from fe_saliency.archive import Run, load
from fe_saliency.display import (
    Frame,
    ImageColumn,
    Section,
    TextColumn,
    animate,
    compose,
    film,
    reel,
    to_unit,
    write_png,
)
from fe_saliency.record import Record
from fe_saliency.review.figures import captions, class_columns, columns, map_column

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

    A red tab stands above the epochs at which a watched region warned.

    Args:
        run: What `fe_saliency.archive.load` gave, or the folder.
        name: The map, such as "vanilla"; None for the measured one.
        key: The model input; None for the first.
        mode: May be left out if there is only one.
        ds_id: May be left out if there is only one.
        rows: How many samples are shown, from the first.

    Raises:
        FileNotFoundError: Nothing was kept there.
        ValueError: No such map, input or place.
    """
    run = run if isinstance(run, Run) else load(run)
    epochs = run.epochs(mode, ds_id)
    last = run.record(epochs[-1], mode, ds_id)
    name = _one_of("name", name, list(last.maps), last.settings["measured"])
    key = _one_of("key", key, list(last.inputs), next(iter(last.inputs)))
    frames = [_frame(run.record(epoch, mode, ds_id), name, key, rows) for epoch in _some(epochs)]
    lead: list[TextColumn | ImageColumn] = []
    if last.labels is not None:
        lead.append(class_columns(last, rows)[0])
    lead.append(ImageColumn(f"Input {key}", to_unit(last.inputs[key][:rows], last.channel_axis)))
    title, told = last.settings["titles"][name], captions(last, key)
    return Film(film(frames, lead, title, *told, most=EPOCHS), reel(frames, lead, title, *told))


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


def write_films(folder: str | Path, rows: int = ROWS) -> list[Path]:
    """Write a film of every map, input and place of a training that was kept, into its folder.

    Returns:
        The strips, `film_<mode>[_<ds_id>]_<map>[_<input>].png`; beside each stands its animation, `.gif`.
    """
    run, written = load(folder), []
    for (mode, ds_id), files in run.files.items():
        last = run.record(max(files), mode, ds_id)
        stem = next(iter(files.values())).stem.rsplit("_", 1)[0]  # as safe for a file system as the archive's own
        for name in last.maps:
            for number, key in enumerate(last.inputs):
                part = f"_{number}" if len(last.inputs) > 1 else ""
                path = run.folder / f"film_{stem}_{quote(name, safe=' (),')}{part}.png"
                film_of(run, name, key, mode, ds_id, rows).save(path)
                written.append(path)
    return written


def _one_of(what: str, value: str | None, known: Sequence[str], default: str) -> str:
    if value is not None and value not in known:
        raise ValueError(f"`{what}` (={value!r}) must be one of {known}.")
    return default if value is None else value


def _some(epochs: Sequence[int], most: int = 2 * EPOCHS) -> list[int]:
    """Of very many epochs, some: they are in memory together."""
    if len(epochs) <= most:
        return list(epochs)
    return [epochs[round(number * (len(epochs) - 1) / (most - 1))] for number in range(most)]


def _frame(record: Record, name: str, key: str, rows: int) -> Frame:
    notes = class_columns(record, rows)[-1] if len(record.predictions) == 1 else None
    marker = "warning" if record.settings.get("warnings") else None
    return Frame(record.epoch, map_column(record, name, key, rows), notes, marker)
