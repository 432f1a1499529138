"""What is made of each record beside its figure: numbers, warnings about watched regions, files, films."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np

from fe_saliency import archive, review
from fe_saliency.labels import key_part
from fe_saliency.record import Record
from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.trace.guard import NO_BETTER, Guard
from fe_saliency.trace.measures import Measures, when
from fe_saliency.trace.samples import Place, Rows, explainable
from fe_saliency.trace.watching import output_of
from fe_saliency.watch import NUMBERS, Watch

_LOG = logging.getLogger("fe_saliency")


class Instruments:
    """Looks at records, one instrument after the other; what one fails at does not keep the others from their work.

    Args:
        net: Explains the model.
        measures: The numbers.
        watch: The watched regions, or None.
        save_dir: Where records are kept and films written, in a folder for each training; None for nowhere.
        guard: What becomes of an error in one of them.

    Raises:
        ValueError: It is not clear in which input the watched regions lie.
    """

    def __init__(
        self, net: SaliencyNet, measures: Measures, watch: Watch | None, save_dir: Path | None, guard: Guard
    ) -> None:
        self.net = net
        self.measures = measures
        self.watch = watch
        self.save_dir = save_dir
        self.guard = guard
        self.run = archive.new_run()
        self._kept: set[tuple[str, str]] = set()  # the places of which there is more to be filmed
        self._watched_output = output_of(net, watch) if watch else ""
        self._fitting: dict[Place, Watch | None] = {}  # by place, for regions may fit one dataset only

    @property
    def keys(self) -> list[str]:
        """What they read of a batch beside the model's inputs."""
        wanted = [self.measures.region_key] if "region" in self.measures.groups else []
        return [*filter(None, wanted), *(self.watch.keys if self.watch else [])]

    @property
    def names(self) -> list[str]:
        """The keys under which numbers are told, those of classes without names aside."""
        found = [f"{output}_{name}" for output in self.net.outputs for name in self.measures.names]
        for region in self.watch.regions if self.watch else ():
            found += [self._key(region.name, name) for name in NUMBERS]
        return found

    @property
    def diagnose(self) -> bool:
        """Whether records must tell the errors of their maps."""
        return "trust" in self.measures.groups or self.save_dir is not None

    def begin(self) -> None:
        """Keep what follows as another training."""
        self.run = archive.new_run()
        self._kept.clear()

    def check(self, rows: Rows) -> None:
        """Raise what is wrong with a watched region, for rows that are known beforehand.

        Raises:
            ValueError, TypeError: As `Watch.where`.
        """
        if self.watch is not None:
            for region in self.watch.regions:
                self.watch.where(region, self.net, rows)

    def meet(self, place: Place, rows: Rows) -> None:
        """Say once what is wrong with the rows of a place, which are the same in every epoch.

        Rows of NaN or infinite numbers are told; watched regions that do not fit are left out.

        Args:
            place: Mode and dataset id.
            rows: All that is kept there.
        """
        if place in self._fitting:
            return
        where = f"of the {' '.join(filter(None, place))} data"
        unknown = np.flatnonzero(~explainable({key: rows[key] for key in self.net.model_inputs}))
        if unknown.size:
            _LOG.warning(
                "Row(s) %s %s that the Saliency trace keeps hold NaN or infinite numbers: they have no maps, and no "
                "part in any number but `unusable`.", ", ".join(map(str, unknown)), where,
            )  # fmt: skip
        self._fitting[place] = None if self.watch is None else self._fitted(self.watch, rows, where)

    def see(self, record: Record, rows: Rows) -> dict[str, float]:
        """Take note of a record.

        Args:
            record: The newest of its place.
            rows: All that is kept of its rows, `keys` among them.

        Returns:
            {key: number}.
        """
        found: dict[str, float] = {}
        place = when(record)
        with self._guarded(f"measure {place}, {NO_BETTER}"):
            measured = self.measures.see(record, rows, self.guard).values()
            for output, numbers in zip(self.net.outputs, measured, strict=True):
                found |= {f"{output}_{name}": value for name, value in numbers.items()}
        with self._guarded(f"watch {place}, {NO_BETTER}"):
            found |= self._watched(record, rows)
        if self.save_dir is not None:
            with self._guarded(f"keep {place}"):
                record.settings["run"] = self.run
                archive.save(record, self.save_dir / self.run)
                self._kept.add(record.place)
        return found

    def failed(self, place: str) -> dict[str, float]:
        """{key: number} where no map could be computed at all: all are unusable.

        Args:
            place: Epoch, mode and dataset id, for the message.
        """
        if self.names:
            _LOG.warning("There are no maps of %s to be measured, %s.", place, NO_BETTER)
        told = self.net.outputs if "trust" in self.measures.groups else []
        return {f"{output}_unusable": 1.0 for output in told}

    def end(self) -> None:
        """Write films of what was kept since the last ones were written."""
        if self.save_dir is not None and self._kept:
            with self._guarded("write its films"):
                run = archive.load(self.save_dir, self.run)
                strips = review.write_films(run, places=self._kept, guard=self._guarded)
                several = "" if len(strips) == 1 else "s"
                print(f"FastEstimator-Saliency: wrote {len(strips)} film strip{several} to {run.folder}")
            self._kept.clear()

    def _fitted(self, watch: Watch, rows: Rows, where: str) -> Watch | None:
        """`watch` of those regions alone that fit the rows; None if none does."""
        fitting = []
        for region in watch.regions:
            with self.guard(f"The Saliency trace does not watch the region '{region.name}' {where}"):
                watch.where(region, self.net, rows)
                fitting.append(region)
        return replace(watch, regions=fitting) if fitting else None

    def _watched(self, record: Record, rows: Rows) -> dict[str, float]:
        if self.watch is None:
            return {}
        self.meet(record.place, rows)
        watch = self._fitting[record.place]
        if watch is None:
            return {}
        found: dict[str, float] = {}
        explained = explainable(record.inputs)
        batch, maps = (
            {key: array[explained] for key, array in arrays.items()}
            for arrays in ({**rows, **record.inputs}, record.maps[record.settings["measured"]])
        )
        findings = watch.examine(self.net, batch, maps)
        for finding in findings:
            found |= {self._key(finding.region, name): value for name, value in finding.numbers.items()}
        record.settings["warnings"] = [finding.region for finding in findings if finding.warns]
        for sentence in watch.warnings(record, findings):
            _LOG.warning("%s", sentence)
        return found

    def _guarded(self, what: str) -> AbstractContextManager[None]:
        return self.guard(f"The Saliency trace could not {what}")

    def _key(self, region: str, name: str) -> str:
        return f"{self._watched_output}_{key_part(region)}_{name}"
