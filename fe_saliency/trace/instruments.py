"""What is made of each record beside its figure: numbers, warnings about watched regions, files, films."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fe_saliency import archive, review
from fe_saliency.record import Record
from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.trace.guard import guarded
from fe_saliency.trace.measures import Measures
from fe_saliency.watch import NUMBERS, Region, Watch

_LOG = logging.getLogger("fe_saliency")


class Instruments:
    """Looks at records, one instrument after the other; what one fails at does not keep the others from their work.

    Args:
        net: Explains the model.
        measures: The numbers.
        watch: The watched regions, or None.
        save_dir: Where records are kept and films written, in a folder for each training; None for nowhere.
        strict: As of the Trace.
    """

    def __init__(
        self, net: SaliencyNet, measures: Measures, watch: Watch | None, save_dir: Path | None, strict: bool
    ) -> None:
        self.net = net
        self.measures = measures
        self.watch = watch
        self.save_dir = save_dir
        self.strict = strict
        self.run = archive.new_run()
        self._kept: set[tuple[str, str]] = set()  # the places of which there is more to be filmed

    @property
    def keys(self) -> list[str]:
        """What they read of a batch beside the model's inputs."""
        wanted = [self.measures.region_key] if "region" in self.measures.groups else []
        return [*filter(None, wanted), *(self.watch.keys if self.watch else [])]

    @property
    def names(self) -> list[str]:
        """The keys under which numbers are told, those of single classes aside."""
        found = [f"{output}_{name}" for output in self.net.outputs for name in self.measures.names]
        for region in self.watch.regions if self.watch else ():
            found += [_key(self.net, region.name, name) for name in NUMBERS]
        return found

    @property
    def diagnose(self) -> bool:
        """Whether records must tell the errors of their maps."""
        return "trust" in self.measures.groups or self.save_dir is not None

    def begin(self) -> None:
        """Keep what follows as another training."""
        self.run = archive.new_run()
        self._kept.clear()

    def see(self, record: Record, rows: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Take note of a record.

        Args:
            record: The newest of its place.
            rows: All that is kept of its rows, `keys` among them.

        Returns:
            {key: number}.
        """
        found: dict[str, float] = {}
        place = f"epoch {record.epoch} ({' '.join(filter(None, record.place))})"
        with guarded(self.strict, f"The Saliency trace could not measure {place}"):
            for output, numbers in zip(self.net.outputs, self.measures.see(record, rows).values(), strict=True):
                found |= {f"{output}_{name}": value for name, value in numbers.items()}
        with guarded(self.strict, f"The Saliency trace could not watch {place}"):
            found |= self._watched(record, rows)
        if self.save_dir is not None:
            with guarded(self.strict, f"The Saliency trace could not keep {place}"):
                record.settings["run"] = self.run
                archive.save(record, self.save_dir / self.run)
                self._kept.add(record.place)
        return found

    def end(self) -> None:
        """Write films of what was kept since the last ones were written."""
        if self.save_dir is not None and self._kept:
            with guarded(self.strict, "The Saliency trace could not write its films"):
                run = archive.load(self.save_dir, self.run)
                strips = review.write_films(run, places=self._kept)
                print(f"FastEstimator-Saliency: wrote {len(strips)} film strips to {run.folder}")
            self._kept.clear()

    def _watched(self, record: Record, rows: Mapping[str, np.ndarray]) -> dict[str, float]:
        if self.watch is None:
            return {}
        found: dict[str, float] = {}
        batch = {**{key: rows[key] for key in self.watch.keys}, **record.inputs}
        findings = self.watch.examine(self.net, batch, record.maps[record.settings["measured"]])
        for finding in findings:
            found |= {_key(self.net, finding.region, name): value for name, value in finding.numbers.items()}
        record.settings["warnings"] = [finding.region for finding in findings if finding.warns]
        for sentence in self.watch.warnings(record, findings):
            _LOG.warning("%s", sentence)
        return found


def checked_watch(watch: None | Watch | Region | Sequence[Region]) -> Watch | None:
    """The Watch that a user's argument stands for.

    Raises:
        ValueError, TypeError: As `Watch`.
    """
    if watch is None or isinstance(watch, Watch):
        return watch
    regions: Any = [watch] if isinstance(watch, Region) else watch
    return Watch(regions) if not isinstance(regions, (list, tuple)) or regions else None


def _key(net: SaliencyNet, region: str, name: str) -> str:
    return f"{net.outputs[0]}_{region.replace(' ', '_')}_{name}"
