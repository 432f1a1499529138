"""From a checked call to an Attribution: one Network entry, whatever the method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

import numpy as np

from fe_saliency import batch_axis, inputs, pace, plan
from fe_saliency.attribution import Attribution, Decision
from fe_saliency.averaged import averaged
from fe_saliency.backend import Backend, Tensor, Way
from fe_saliency.call import Call, effort_of
from fe_saliency.chunks import Chunks, warn_of_memory
from fe_saliency.clean import CleanPass
from fe_saliency.compose import CAPTURE, PREDICT, Composition, compose, levels
from fe_saliency.feeder import Feeder
from fe_saliency.method import Baseline, Sampling
from fe_saliency.pace import Pace
from fe_saliency.redraw import redrawn
from fe_saliency.session import Run
from fe_saliency.site import ACTIVATION, LIKE, Inside, Site, Through
from fe_saliency.sites import Sites, inside
from fe_saliency.target import Aim, given
from fe_saliency.trial import Trial
from fe_saliency.walk import Walk

Rows = Mapping[str, np.ndarray]


class Engine:
    """Runs calls on one model, keeping the Networks it composed and the pace it measured.

    Args:
        model: A model compiled by `fe.build`.
        backend: Its framework.
        model_inputs: The keys of its inputs.
        model_outputs: The keys of its outputs.
        channel_axis: Where the channels of its inputs are: 1 or -1.
    """

    def __init__(
        self,
        model: Any,
        backend: Backend,
        model_inputs: Sequence[str],
        model_outputs: Sequence[str],
        channel_axis: int,
    ) -> None:
        self.model = model
        self.backend = backend
        self.model_inputs = tuple(model_inputs)
        self.model_outputs = tuple(model_outputs)
        self.channel_axis = channel_axis
        self._sites = Sites(model, model_inputs, model_outputs, backend, channel_axis)
        self._compositions: dict[tuple[Any, ...], Composition] = {}
        self._paces: dict[tuple[Any, ...], Pace] = {}
        self._most: dict[tuple[Any, ...], int] = {}  # What the memory was found to hold
        self._taken: set[tuple[Any, ...]] = set()  # shapes of rows that the model took
        self._warned: set[str] = set()
        self._dtype = backend.model_dtype(model)  # of the call that runs: a user may cast the model between calls

    def on(self, copy: Any) -> Engine:
        """An Engine for a copy of the model, which keeps the same pace."""
        other = Engine(copy, self.backend, self.model_inputs, self.model_outputs, self.channel_axis)
        other._paces, other._most = self._paces, self._most
        return other

    def run(self, batch: Mapping[str, Any], call: Call) -> Attribution:
        """Attribute every row of `batch`.

        Raises:
            ValueError: The batch or the call does not fit the model.
            TypeError: A part of the batch is of the wrong kind.
        """
        rows, site, several = self._rows(batch, call)
        self._sites.check(site, call.method, rows)
        found = [self._attributed(batch, call, site, rows, baselines) for baselines in several]
        return found[0] if len(found) == 1 else averaged(found, call.tolerance, self.backend)

    def _attributed(
        self, batch: Mapping[str, Any], call: Call, site: Site, rows: Rows, baselines: tuple[Baseline, ...]
    ) -> Attribution:
        batch_size = len(rows[self.model_inputs[0]])
        composition = self._composition(batch, call, site, rows, baselines)
        effort = effort_of(call, composition.levels)
        _check_errors(call, composition)
        with composition.session.entered() as run, self._single_told(rows):
            if isinstance(site, Inside):
                captured = partial(self._captured, run, composition, call)
                prepared = partial(_prepared, batch, site)
                composition, rows = inside(composition, call, rows, baselines[0], prepared, captured)
                self._check(call, site, rows, composition.levels[0].baselines if composition.levels else baselines)
            evaluations = batch_size * prod(effort.counts)
            models = effort.counts[0] if composition.of_weights else 1  # of which each runs alone, as does each step
            steps = effort.counts[-1] if call.method.adaptive else 1
            pace = self._pace(run, composition, call, rows, evaluations // (models * steps))
            way = replace(pace.way, folded=pace.way.folded and not composition.of_weights)  # which change inside
            with (
                self._chunks(run, pace.room, rows, evaluations) as chunks,
                closing(self._feeder(composition, call, effort.counts, rows, way)) as feeder,
            ):
                clean = CleanPass(feeder, chunks, composition.aims, call.score, self.backend)
                with (
                    self.backend.run_as(self.model, way, clean.first),
                    redrawn(self.model, composition, feeder) as redraw,
                ):
                    settled, walked = Walk(composition, feeder, chunks, clean, effort, self.backend, redraw).run()
        self._taken.add(_shapes({key: rows[key] for key in self.model_inputs}))
        met = None
        if call.tolerance is not None and walked.relative_error is not None:
            met = walked.relative_error <= call.tolerance
        return Attribution(
            maps={key: self._wide(each) for key, each in zip(site.maps, walked.maps, strict=True)},
            targets=self._tensors(settled.targets),
            predictions=self._tensors(settled.predictions),
            scores=self._tensors(settled.scores),
            margins=self._tensors(settled.margins),
            channel_axis=site.channel_axis,
            gradient_evaluations=walked.taken * prod(effort.counts[1:]),
            completeness_gap=walked.gap,
            completeness_error=walked.gap_error,
            relative_error=walked.relative_error,
            met_tolerance=met,
            explained={key: aim.target.fixed(settled.held[key]) for key, aim in composition.aims.items()},
        )

    def decide(self, batch: Mapping[str, Any], call: Call) -> Decision:
        """The clean pass of `run` alone.

        Raises:
            ValueError: The batch or the call does not fit the model.
            TypeError: A part of the batch is of the wrong kind.
        """
        rows, site, (baselines, *_) = self._rows(batch, call)
        batch_size = len(rows[self.model_inputs[0]])
        composition = self._composition(batch, call, site, rows, baselines)
        with (
            composition.session.entered() as run,
            self._single_told(rows),
            self._clean_pass(run, composition, call, rows, composition.aims) as clean,
        ):
            settled = clean.settled(clean.run(PREDICT, np.arange(batch_size)))
        return Decision(
            targets=self._tensors(settled.targets),
            predictions=self._tensors(settled.predictions),
            scores=self._tensors(settled.scores),
            margins=self._tensors(settled.margins),
        )

    def seconds_per_gradient(self, batch: Mapping[str, Any], call: Call) -> float:
        """The time of one gradient evaluation of one row, at the pace of a large call."""
        rows, site, (baselines, *_) = self._rows(batch, call)
        self._sites.check(site, call.method, rows)
        composition = self._composition(batch, call, site, rows, baselines)
        with composition.session.entered() as run, self._single_told(rows):
            return self._measured(run, composition, call, rows).seconds

    def _rows(self, batch: Mapping[str, Any], call: Call) -> tuple[Rows, Site, list[tuple[Baseline, ...]]]:
        """The clean rows, where they are explained, and what to run one after the other: one baseline for each."""
        self._dtype = self.backend.model_dtype(self.model)
        rows = inputs.take(batch, self.model_inputs, self._dtype, self._warned, self._sites.embedding is not None)
        with self._single_told(rows):
            site = self._sites.of(call.method, call.layer, rows, self._dtype)
        several = call.baselines(site.called)
        if not isinstance(site, Inside):
            for baselines in several:
                self._check(call, site, rows, baselines)
            several = [
                tuple(map(partial(_prepared, batch, site), baselines, rows.keys(), rows.values()))
                for baselines in several
            ]
        if isinstance(site, Through):
            rows[LIKE] = np.zeros_like(rows[site.image].take([0], site.channel_axis))
        return rows, site, several

    def _check(self, call: Call, site: Site, rows: Rows, baselines: tuple[Baseline, ...]) -> None:
        """Raise what the brackets find wrong with the baselines or the rows, which have a layer's shape inside it."""
        places = levels(call.method, site, site.called, baselines, call.tolerance is not None)
        for bracket, level in zip(call.method.brackets, places, strict=True):
            bracket.check(level, [rows[key] for key in site.explained])

    def _captured(self, run: Run, composition: Composition, call: Call, rows: Rows) -> np.ndarray:
        """What the layer that is explained gives for these rows."""
        with self._clean_pass(run, composition, call, rows, {}) as clean:
            parts = clean.run(CAPTURE, np.arange(clean.feeder.batch))
        return np.concatenate([self.backend.numpy(part[ACTIVATION]) for part in parts])

    @contextmanager
    def _clean_pass(
        self, run: Run, composition: Composition, call: Call, rows: Rows, aims: Mapping[str, Aim]
    ) -> Iterator[CleanPass]:
        """A pass over clean rows alone."""
        # Measuring what is best takes gradients, and using what was measured before would change a repeated call.
        room = plan.limit(call.max_rows) or pace.least(_shapes(rows))
        feeder = self._feeder(composition, call, (), rows, Way())
        with self._chunks(run, self._held(room, rows), rows, feeder.batch) as chunks:
            yield CleanPass(feeder, chunks, aims, call.score, self.backend)

    def _composition(
        self, batch: Mapping[str, Any], call: Call, site: Site, rows: Rows, baselines: tuple[Baseline, ...]
    ) -> Composition:
        aims = given(batch, call.target, self.model_outputs, len(rows[self.model_inputs[0]]))
        # What changes the ops; everything else, a given baseline too, is numbers that are fed to them.
        paths = any(bracket.has_baseline for bracket in call.method.brackets)
        drawn = tuple(each.kind if each.drawn else None for each in baselines) if paths else ()
        refined = call.tolerance is not None
        errors = bool(call.method.brackets) and (call.diagnose or refined)
        places = levels(call.method, site, site.explained, baselines, refined)
        plans = tuple(aim.plan for aim in aims.values())
        key = (site, call.method, call.score, drawn, refined, errors, plans)
        if key not in self._compositions:
            made = compose(site, aims, call.method, places, call.score, errors, self.backend)
            self._compositions[key] = replace(made, levels=(), aims={})  # no call's baselines or targets are kept
        return replace(self._compositions[key], levels=places, aims=aims)

    def _feeder(
        self, composition: Composition, call: Call, counts: Sequence[int], rows: Rows, way: Way
    ) -> Feeder:
        site = composition.site
        axis = site.channel_axis
        samplings = [
            Sampling(count, call.stdev_spread, call.seed, axis, [rows[key] for key in site.explained])
            for count in counts
        ]
        return Feeder(
            composition,
            samplings,
            rows,
            self.backend,
            self._dtype,
            way.channels_last and site.channel_axis == 1,  # else they lie so already
        )

    def _pace(self, run: Run, composition: Composition, call: Call, rows: Rows, evaluations: int) -> Pace:
        room, first = plan.limit(call.max_rows), pace.least(_shapes(rows))
        if room is None and evaluations <= first:
            room = first  # What fits into the smallest chunk is run as one, before and after the pace is known.
        found = Pace(room) if room is not None else self._measured(run, composition, call, rows)
        return replace(found, room=self._held(found.of(evaluations), rows))

    def _measured(self, run: Run, composition: Composition, call: Call, rows: Rows) -> Pace:
        """The best pace, or that of the given number of rows."""
        shapes, site, given = _shapes(rows), composition.site, plan.limit(call.max_rows)
        known = (shapes, site, given)
        if known not in self._paces:
            counts = (2,) * len(composition.method.brackets)
            feeder = partial(self._feeder, composition, call, counts, rows)
            trial = Trial(self.model, self.backend, run, composition, call.score, counts, feeder)
            most = pace.most(shapes, self.backend.on_host(composition.session.network.device))
            images = any(len(shape) == 3 and shape[0] > 1 for shape in shapes)
            changes = self.backend.ways(self.model, images) if given is None else []
            if type(site) is not Site:  # A layer that is explained may end between a convolution and its norm.
                changes = [change for change in changes if change != "folded"]
            first, last = (pace.least(shapes), most) if given is None else (min(given, most),) * 2
            usual = self.backend.usual_growth * first
            found = self._paces[known] = pace.measure(trial.work, first, last, usual, changes, trial.entered)
            if found.room < first:  # What is only tried, in search of something faster, is no news.
                warn_of_memory(first, found.room)
                self._most[shapes] = min(found.room, self._most.get(shapes, found.room))
        return self._paces[known]

    @contextmanager
    def _chunks(self, run: Run, room: int, rows: Rows, evaluations: int) -> Iterator[Chunks]:
        chunks = Chunks(run, room, self.backend, evaluations)
        try:
            yield chunks
        finally:
            chunks.close()
        if chunks.room < room:
            self._most[_shapes(rows)] = chunks.room

    def _wide(self, tensor: Tensor) -> Tensor:
        """A map in the model's dtype, but single precision at least: in half, squares of small gradients are 0."""
        half = self._dtype in ("float16", "bfloat16")
        return self.backend.at_least_single(tensor) if half else self.backend.cast(tensor, self._dtype)

    def _held(self, room: int, rows: Rows) -> int:
        """`room`, or what the memory was found to hold."""
        return min(room, self._most.get(_shapes(rows), room))

    def _single_told(self, rows: Rows) -> AbstractContextManager[None]:
        """What fails inside, as `rows` are a single example without its batch axis, says so."""
        given = {key: rows[key] for key in self.model_inputs}
        if _shapes(given) in self._taken:
            return nullcontext()
        return batch_axis.told(self.model, given, self.model_outputs, self._dtype, self.backend)

    def _tensors(self, arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
        return {key: self.backend.tensor(array) for key, array in arrays.items()}


def _check_errors(call: Call, composition: Composition) -> None:
    """Refuse a tolerance where nothing tells an error."""
    if call.tolerance is None or not composition.reductions:
        return
    statistic = composition.reductions[0][0].statistic
    if "error" not in statistic.results:
        raise ValueError(
            f"`tolerance` (={call.tolerance}) cannot be judged: {type(statistic).__name__}, the statistic of the "
            f"method {call.method.name!r}, tells no error. Give `nsamples` alone."
        )


def _prepared(batch: Mapping[str, Any], site: Site, baseline: Baseline, key: str, clean: np.ndarray) -> Baseline:
    return baseline.prepared(key, clean, batch, site.channel_axis)


def _shapes(rows: Rows) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(array.shape[1:]) for array in rows.values())
