"""From a checked call to an Attribution: one Network entry, whatever the method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fe_saliency import checks, inputs, plan
from fe_saliency import target as targets
from fe_saliency.attribution import Attribution
from fe_saliency.backend import Backend, Tensor
from fe_saliency.completeness import Completeness
from fe_saliency.compose import PREDICT, Composition, compose, levels
from fe_saliency.driver import Driver, Walked
from fe_saliency.method import Method, Sampling
from fe_saliency.method.baseline import Baseline, resolve
from fe_saliency.op.gather import checked_scale
from fe_saliency.session import Run


@dataclass(frozen=True)
class Call:
    """What one call asks for, beside its batch.

    Args:
        method: The method.
        nsamples: As `Method.samples` takes it.
        stdev_spread: Noise as a share of each row's range.
        baseline: As `fe_saliency.method.baseline.resolve` takes it.
        target: None, a class, (B,) classes, or a dict of these by output key.
        score: The scale of the scores.
        seed: 0 to 2 ** 64 - 1.
        max_rows: "auto" or a number.
        diagnose: Whether to measure errors and the completeness gap, which takes forward passes at the baselines.
    """

    method: Method
    nsamples: None | int | Sequence[int] = None
    stdev_spread: float = 0.15
    baseline: Any = None
    target: Any = None
    score: str = "output"
    seed: int = 0
    max_rows: str | int = "auto"
    diagnose: bool = False

    def __post_init__(self) -> None:
        checked_scale(self.score)
        checks.seed("seed", self.seed)
        checks.spread("stdev_spread", self.stdev_spread)
        self.method.samples(self.nsamples)
        plan.limit(self.max_rows, 1, 1)
        if self.baseline is not None and not any(bracket.has_baseline for bracket in self.method.brackets):
            raise ValueError(f"`baseline` must be None for the method {self.method.name!r}, which has no path.")


class Engine:
    """Runs calls on one model, keeping the Networks it composed.

    Args:
        model: A model compiled by `fe.build`.
        backend: Its framework.
        model_inputs: The keys of its inputs.
        model_outputs: The keys of its outputs.
    """

    def __init__(self, model: Any, backend: Backend, model_inputs: Sequence[str], model_outputs: Sequence[str]) -> None:
        self.model = model
        self.backend = backend
        self.model_inputs = tuple(model_inputs)
        self.model_outputs = tuple(model_outputs)
        self._compositions: dict[tuple[Any, ...], Composition] = {}
        self._warned: set[str] = set()

    def run(self, batch: Mapping[str, Any], call: Call) -> Attribution:
        """Attribute every row of `batch`.

        Raises:
            ValueError: The batch or the call does not fit the model.
            TypeError: A part of the batch is of the wrong kind.
        """
        dtype = self.backend.model_dtype(self.model)
        rows = inputs.take(batch, self.model_inputs, dtype, self._warned)
        baselines = resolve(call.baseline, self.model_inputs)
        for baseline, (key, array) in zip(baselines, rows.items(), strict=True):
            baseline.check(key, array)
        said = targets.given(batch, call.target, self.model_outputs)
        row_elements = sum(array[0].size for array in rows.values())
        max_rows = plan.limit(call.max_rows, row_elements, self.backend.busy_rows)
        counts = call.method.samples(call.nsamples)
        samplings = [
            Sampling(count, call.stdev_spread, call.seed, self.backend.channel_axis, list(rows.values()))
            for count in counts
        ]
        composition = self._composition(call, baselines)
        with composition.session.entered() as run:
            settled = targets.settle(self.backend, self._predict(run, rows, max_rows, dtype), said, call.score)
            driver = Driver(composition, samplings, rows, settled.targets, self.backend, dtype)
            walked = driver.walk(run, plan.make(len(settled.total()), counts, max_rows), call.diagnose)
            gaps = self._gaps(run, call, composition, samplings, settled, walked, max_rows, dtype)
        return Attribution(
            maps=dict(zip(self.model_inputs, walked.maps, strict=True)),
            targets=self._tensors(settled.targets),
            predictions=self._tensors(settled.predictions),
            scores=self._tensors(settled.scores),
            gradient_evaluations=np.full(len(settled.total()), plan.spent(counts), np.int64),
            completeness_gap=gaps[0],
            completeness_error=gaps[1],
            relative_error=walked.relative_error,
        )

    def _composition(self, call: Call, baselines: tuple[Baseline, ...]) -> Composition:
        # What changes the ops; everything else, a given baseline too, is numbers that are fed to them.
        paths = any(bracket.has_baseline for bracket in call.method.brackets)
        key = (call.method, call.score, tuple(each if each.drawn else None for each in baselines) if paths else ())
        if key not in self._compositions:
            self._compositions[key] = compose(
                self.model, self.model_inputs, self.model_outputs, call.method, baselines, call.score, self.backend
            )
        return replace(self._compositions[key], levels=levels(call.method, self.model_inputs, baselines))

    def _predict(self, run: Run, rows: Mapping[str, np.ndarray], max_rows: int, dtype: str) -> dict[str, Tensor]:
        parts: list[Mapping[str, Tensor]] = []
        for piece in plan.pieces(len(rows[self.model_inputs[0]]), max_rows):
            feed = {key: self.backend.tensor(array[piece.start : piece.stop], dtype) for key, array in rows.items()}
            parts.append(run(PREDICT, feed))
        return {key: self.backend.concat([part[key] for part in parts]) for key in self.model_outputs}

    def _gaps(
        self,
        run: Run,
        call: Call,
        composition: Composition,
        samplings: Sequence[Sampling],
        settled: targets.Targets,
        walked: Walked,
        max_rows: int,
        dtype: str,
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        brackets = call.method.brackets
        if walked.point_sums is None or len(brackets) != 1 or not brackets[0].has_baseline:
            return None, None
        measure = Completeness(composition, samplings[0], settled.targets, call.score, self.backend, dtype)
        return measure.gap(run, walked.point_sums, settled.total(), max_rows)

    def _tensors(self, arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
        return {key: self.backend.tensor(array) for key, array in arrays.items()}
