"""Looks at named regions: how much of the heat they get, and what the model says without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from fe_saliency import checks
from fe_saliency.backend import to_numpy
from fe_saliency.heat import heat
from fe_saliency.labels import key_part
from fe_saliency.measure import area_share, mass_share, mean_known
from fe_saliency.op.gather import checked_scale
from fe_saliency.record import Record
from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.watch.finding import Finding
from fe_saliency.watch.region import Region
from fe_saliency.watch.replacement import FILLS, replaced


@dataclass(frozen=True)
class Watch:
    """A test for shortcuts that the user can name: regions where the model should not look.

    A region raises a warning if two things hold. It gets more of the heat than its area accounts for; and the score of
    the class that the model decides for falls if the region is replaced, by a blur, by a mean and by noise alike. The
    first alone may be a map's quirk, the second alone an artefact of the replacement; both together are evidence that
    the model uses what is there. A region that warns holds something the model uses, which may be no shortcut but part
    of the object; and silence clears the named regions only, in the rows that were shown (see `fe_saliency.watch`).

    Args:
        regions: The regions, each with a name of its own.
        input: The model input that they lie in; None for the only one that is images.
        mass_ratio: At which ratio of mass share to area share a region may warn.
        score_drop: At which fall of the score it may warn. The score is the sum over the model outputs.
        score: What a score is, so that `score_drop` means the same for every model. "probability" is right for softmax
            and logits of several units, and for one unit that is a probability. "logit", for one unit that is a logit,
            takes its sigmoid; in general, the probability of the class against the strongest other one, as does
            "log_probability". "output", for what is neither, takes what the model gives: the units of several sigmoids
            are probabilities already; for others give `score_drop` in their units.
        seed: Of the noise.

    Raises:
        ValueError: No region, regions of the same name, or a threshold out of its range.
        TypeError: Something that is no region, or no number.
    """

    regions: Sequence[Region]
    input: str | None = None
    mass_ratio: float = 1.0
    score_drop: float = 0.05
    score: str = "probability"
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "regions", tuple(self.regions))
        for region in self.regions:
            if not isinstance(region, Region):
                raise TypeError(f"`regions` holds {region!r}, but must hold regions, such as Corner('top left', 4).")
        names = [region.name for region in self.regions]
        if not names or len(set(map(key_part, names))) < len(names):
            raise ValueError(
                f"`regions` (named {names}) must be one or several, of different names; give `name=`. (As parts of a "
                "key white space and '_' are the same.)"
            )
        checks.positive("mass_ratio", self.mass_ratio, "a region's share of the heat over its share of the area")
        checks.positive("score_drop", self.score_drop, "by how much the score falls without the region")
        checked_scale(self.score)
        checks.seed("seed", self.seed)

    @property
    def keys(self) -> list[str]:
        """The keys, besides the model's inputs, that a batch must have."""
        return sorted({key for region in self.regions for key in region.keys})

    def examine(self, net: SaliencyNet, batch: Mapping[str, Any], maps: Mapping[str, Any]) -> list[Finding]:
        """What the model makes of each region: no gradient, but a forward pass of the rows, and three for each region.

        Args:
            net: The model.
            batch: The model's inputs and `keys`, (B, ...) each. Never modified.
            maps: {input key: (B, ...)}, as of `Attribution.maps`: where the model looks in these rows.

        Returns:
            One finding for each region, in their order. Numbers are NaN, and nothing warns, if no row has the region.

        Raises:
            ValueError: A batch that `SaliencyNet.decide` refuses, inputs that are no images, or a region that does not
                fit them.
            TypeError: A part of the batch is of the wrong kind.
        """
        rows = _inputs(net, batch)
        clean = self._said(net, rows)
        key = self._input(net, rows)
        hot = heat(to_numpy(maps[key]), net.channel_axis)
        return [
            self._finding(region.name, self.where(region, net, batch), net, rows, key, hot, clean)
            for region in self.regions
        ]

    def where(self, region: Region, net: SaliencyNet, batch: Mapping[str, Any]) -> np.ndarray:
        """Where a region lies in the rows of a batch, without asking the model: bool (B, H, W).

        Args:
            region: One of `regions`.
            net: The model.
            batch: As of `examine`.

        Raises:
            ValueError: Inputs that are no images, or a region that does not fit them.
            TypeError: A region of the wrong kind.
        """
        rows = _inputs(net, batch)
        count, height, width, _ = np.moveaxis(rows[self._input(net, rows)], net.channel_axis, -1).shape
        masks = np.asarray(region.masks(batch, (count, height, width)))
        if masks.dtype != bool or masks.shape != (count, height, width):
            raise TypeError(
                f"`masks` of the region {region.name!r} gave {masks.dtype} of shape {masks.shape}, but must give bool "
                f"of shape {(count, height, width)}."
            )
        return masks

    def examine_record(self, net: SaliencyNet, record: Record, batch: Mapping[str, Any]) -> list[Finding]:
        """`examine` of a record's measured map, or of the last if it does not say which that is.

        Args:
            net: The model, as it was when the record was made.
            record: Its inputs and maps.
            batch: The rows of `keys`; may be empty if there are none.
        """
        measured = record.settings.get("measured", list(record.maps)[-1])
        return self.examine(net, {**batch, **record.inputs}, record.maps[measured])

    def warnings(self, record: Record, findings: Sequence[Finding]) -> list[str]:
        """A sentence for each finding that warns: region, epoch, numbers."""
        place = f"{record.mode} {record.ds_id}".strip()
        return [
            f"Epoch {record.epoch} ({place}): the model seems to use what it should not: {finding}."
            for finding in findings
            if finding.warns
        ]

    def _input(self, net: SaliencyNet, rows: Mapping[str, np.ndarray]) -> str:
        images = [key for key, array in rows.items() if array.ndim == 4]
        if self.input is None and len(images) == 1:
            return images[0]
        if not images:
            shapes = {key: array.shape for key, array in rows.items()}
            raise ValueError(
                f"`watch` needs a model input that is images, (B, H, W, C) or (B, C, H, W), for its regions are places "
                f"in them, but the inputs have the shapes {shapes}: leave `watch` out."
            )
        if self.input not in images:
            raise ValueError(
                f"`input` (={self.input!r}) must name a model input that is images, of shape (B, H, W, C) or "
                f"(B, C, H, W): {images} of {net.model_inputs}."
            )
        return self.input

    def _finding(
        self,
        name: str,
        masks: np.ndarray,
        net: SaliencyNet,
        rows: Mapping[str, np.ndarray],
        key: str,
        hot: np.ndarray,
        clean: _Said,
    ) -> Finding:
        part = masks.any(axis=(1, 2)) & ~masks.all(axis=(1, 2))
        if not part.any():
            unknown = float("nan")
            each = dict.fromkeys(FILLS, unknown)
            return Finding(name, 0, unknown, unknown, unknown, each, each, warns=False)
        masks, rows = masks[part], {at: array[part] for at, array in rows.items()}
        classes = {output: said[part] for output, said in clean.predictions.items()}
        mass, area = mass_share(hot[part], masks), area_share(masks)
        drops, flips = {}, {}
        for how in FILLS:
            without = {**rows, key: replaced(rows[key], masks, how, net.channel_axis, self.seed)}
            said = self._said(net, without, classes)
            drops[how] = float(np.mean(clean.score[part] - said.score))
            changed = [said.predictions[output] != before for output, before in classes.items()]
            flips[how] = float(np.any(changed, axis=0).mean())
        ratio = mean_known(mass / area)
        warns = ratio >= self.mass_ratio and min(drops.values()) >= self.score_drop
        return Finding(name, len(masks), mean_known(mass), mean_known(area), ratio, drops, flips, warns)

    def _said(
        self, net: SaliencyNet, rows: Mapping[str, np.ndarray], classes: dict[str, np.ndarray] | None = None
    ) -> _Said:
        """What the model decides for, and the score of `classes`, or of what it decides for."""
        said = net.decide(dict(rows), target=classes, score=self.score)
        if self.score in ("logit", "log_probability"):
            scores = [expit(_host(margin)) for margin in said.margins.values()]
        else:
            scores = [_host(score) for score in said.scores.values()]
        return _Said({key: to_numpy(each) for key, each in said.predictions.items()}, np.sum(scores, axis=0))


def _inputs(net: SaliencyNet, batch: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {key: to_numpy(batch[key]) for key in net.model_inputs if key in batch}


@dataclass(frozen=True, eq=False)
class _Said:
    """The classes decided for, {output key: (B,)}, and one score of each row, (B,), summed over the outputs."""

    predictions: dict[str, np.ndarray]
    score: np.ndarray


def _host(tensor: Any) -> np.ndarray:
    return to_numpy(tensor).astype(np.float64)
