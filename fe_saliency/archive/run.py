"""A training's maps, read from disk one epoch at a time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fe_saliency.archive import npz
from fe_saliency.archive.contents import header_of, record_from
from fe_saliency.archive.naming import Place, file_name, is_run, parse
from fe_saliency.record import Record


@dataclass(frozen=True, eq=False)
class Run:
    """What `save` wrote to a folder in the course of a training; made by `load`.

    Iterating gives the records of all places, by epoch. A record is read from disk when it is asked for and not kept,
    so that one epoch at a time is in memory.

    Where `mode` and `ds_id` are arguments, each may be left out if that leaves no choice.

    Args:
        folder: Where the files are.
        files: {(mode, dataset id): {epoch: file}}, by epoch.
    """

    folder: Path
    files: Mapping[Place, Mapping[int, Path]]

    @property
    def places(self) -> list[Place]:
        """(mode, dataset id) of all that was saved; the id is "" for the only dataset of a mode."""
        return list(self.files)

    def epochs(self, mode: str | None = None, ds_id: str | None = None) -> list[int]:
        """The epochs that there are, ascending.

        Raises:
            ValueError: There is no such place, or more than one.
        """
        return list(self.files[self._place(mode, ds_id)])

    def record(self, epoch: int, mode: str | None = None, ds_id: str | None = None) -> Record:
        """One epoch, as it was saved.

        Raises:
            ValueError: There is no such place or more than one; there is no such epoch; the file is damaged, or from
                a newer version of this package.
            FileNotFoundError: A file is gone.
        """
        path = self._file(epoch, mode, ds_id)
        epoch_arrays = npz.read(path)
        header = header_of(epoch_arrays, path)
        return record_from(header, epoch_arrays, npz.read(self.folder / header["samples"]))

    def records(self, mode: str | None = None, ds_id: str | None = None) -> Iterator[Record]:
        """The records of one place, by epoch.

        Raises:
            ValueError, FileNotFoundError: As `record` does.
        """
        place = self._place(mode, ds_id)
        return (self.record(epoch, *place) for epoch in self.files[place])

    def versions(self, epoch: int, mode: str | None = None, ds_id: str | None = None) -> dict[str, str]:
        """{package: version} of what an epoch was saved with: fe_saliency, fastestimator, numpy, tensorflow, torch
        (as far as they were installed) and python.

        Raises:
            ValueError, FileNotFoundError: As `record` does.
        """
        path = self._file(epoch, mode, ds_id)
        found: dict[str, str] = header_of(npz.read(path, ["header"]), path)["versions"]
        return found

    def __iter__(self) -> Iterator[Record]:
        for epoch, place in sorted((epoch, place) for place, files in self.files.items() for epoch in files):
            yield self.record(epoch, *place)

    def __len__(self) -> int:
        return sum(map(len, self.files.values()))

    def _file(self, epoch: int, mode: str | None, ds_id: str | None) -> Path:
        place = self._place(mode, ds_id)
        if epoch not in self.files[place]:
            raise ValueError(
                f"`epoch` (={epoch}) must be one of those saved for (mode, ds_id) {place}: {[*self.files[place]]}."
            )
        return self.files[place][epoch]

    def _place(self, mode: str | None, ds_id: str | None) -> Place:
        found = [place for place in self.files if mode in (None, place[0]) and ds_id in (None, place[1])]
        if len(found) != 1:
            raise ValueError(
                f"`mode` (={mode!r}) and `ds_id` (={ds_id!r}) must name one place, not {len(found)}, of those saved "
                f"in '{self.folder}': {self.places}."
            )
        return found[0]


def load(folder: str | os.PathLike[str], run: str | None = None) -> Run:
    """The epochs of a training that were saved to a folder, up to now; none is read yet.

    Args:
        folder: `save_dir` of the Saliency Trace, or where else `save` wrote to.
        run: Which training, if there are several: the name of its folder in `folder`, or "" for the files in `folder`
            itself. None for the one that began last, with a warning that names the others.

    Raises:
        FileNotFoundError: There is no such folder, or no epoch in it.
        ValueError: There is no such training.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"`folder` (='{folder}') must be one that `save` wrote to, but is not there.")
    names = ["", *sorted(path.name for path in folder.iterdir() if is_run(path.name) and path.is_dir())]
    found = {name: files for name in names if (files := _files(folder / name))}
    if not found:
        raise FileNotFoundError(
            f"`folder` (='{folder}') must be one that `save` wrote to, but holds no epoch, such as `eval_0001.npz`."
        )
    if run is not None and run not in found:
        raise ValueError(f"`run` (={run!r}) must be one of those saved in '{folder}': {[*found]}.")
    if run is None:
        *others, run = found
        if others:
            warnings.warn(
                f"'{folder}' holds {len(found)} trainings: this is the one that began last, {run!r}. The others are "
                f"{', '.join(map(repr, others))}: `load(folder, run={others[-1]!r})` reads one of them.",
                UserWarning,
                stacklevel=2,
            )
    return Run(folder / run, found[run])


def _files(folder: Path) -> dict[Place, dict[int, Path]]:
    found: dict[Place, dict[int, Path]] = {}
    for place, epoch in sorted(filter(None, (parse(path.name) for path in folder.iterdir()))):
        found.setdefault(place, {})[epoch] = folder / file_name(place, epoch)
    return found
