"""From a method to a Network: the brackets' ops around FE's ModelOp, and the programs that they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastestimator.network import Network
from fastestimator.op.tensorop.model.model import ModelOp
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency.backend import Backend, Tensor
from fe_saliency.method import Baseline, Level, Method
from fe_saliency.op import Accumulate, Decide, ElementSum, Gather, GradientOp, LastSample, Margin, Reduce, Watch
from fe_saliency.session import Session
from fe_saliency.statistic import State, Statistic

#: The programs of a Network, told apart by FE's dataset ids. PREDICT reads the clean rows and the classes that were
#: asked for, and leaves outputs, classes, predictions, scores and margins. ATTRIBUTE reads rows, classes, what the
#: brackets feed and the states of the innermost bracket's statistics, and leaves the states. WHOLE does both at once,
#: from nothing to the finished result, and ENDING as well, where the last sample is the clean input. ORIGINS leaves the
#: scores where the paths begin.
PREDICT, ATTRIBUTE, WHOLE, ENDING, ORIGINS = "predict", "attribute", "whole", "ending", "origins"


#: Ops, and the programs they are part of.
Stage = tuple[Any, ...]


def key(what: str, name: object) -> str:
    """A key of the package's own in a Network."""
    return f"SaliencyNet_{what}_{name}"


class Reduction:
    """The statistic of one bracket for one model input, ready to be run beside the Network."""

    def __init__(self, statistic: Statistic, backend: Backend) -> None:
        self.statistic = statistic
        self.begin: Callable[[Tensor], State] = backend.compiled(statistic.begin)
        self.absorb: Callable[..., State] = backend.compiled(lambda *each: statistic.absorb(*each))
        self.finish: Callable[[State], tuple[Tensor, ...]] = backend.compiled(statistic.finish)
        self.result: Callable[[State], Tensor] = backend.compiled(statistic.result)


@dataclass(frozen=True)
class Composition:
    """A method made runnable.

    Args:
        method: The method.
        levels: The place of each of its brackets.
        session: Its Network.
        reductions: For each bracket, the outermost first, one Reduction per model input.
        states: For each model input the keys of the state of the innermost bracket.
        results: For each model input the keys of what WHOLE and ENDING leave: the map, and if there is a bracket what
            else `Statistic.finish` gives.
        gap: Reduces the gap of each point of a path whose baselines are drawn.
        weights: The key of the innermost bracket's weights.
        sums: The key of the sum of the contributions of each point, (K*B,); ATTRIBUTE leaves it for a path alone.
    """

    method: Method
    levels: tuple[Level, ...]
    session: Session
    reductions: tuple[tuple[Reduction, ...], ...]
    states: tuple[tuple[str, ...], ...]
    results: tuple[tuple[str, ...], ...]
    gap: Reduction | None
    weights: str = key("Point", "weight")
    sums: str = key("Point", "sum")

    @property
    def of_weights(self) -> bool:
        """Whether the outermost bracket samples the model's weights: each of its samples is then run alone."""
        return any(bracket.of_weights for bracket in self.method.brackets)


def levels(method: Method, inputs: Sequence[str], baselines: Sequence[Baseline], open_ended: bool) -> tuple[Level, ...]:
    """The place of each bracket of `method`."""
    return tuple(
        Level(depth, tuple(inputs), tuple(baselines), open_ended and depth == 0)
        for depth in range(len(method.brackets))
    )


def compose(
    model: Any,
    inputs: Sequence[str],
    outputs: Sequence[str],
    method: Method,
    places: tuple[Level, ...],
    score: str,
    backend: Backend,
) -> Composition:
    """The Network of `method`, whose brackets stand at `places`."""
    brackets = list(zip(method.brackets, places, strict=True))
    classes, scores, margins, predictions, wanted, finals = (
        [key(what, output) for output in outputs]
        for what in ("Class", "Score", "Margin", "Prediction", "Wanted", "Final")
    )
    clean = [*outputs, *classes, *predictions, *scores, *margins]
    points, opening = list(inputs), []
    for bracket, level in brackets:
        opened, points = bracket.opening(level, points)
        opening += opened
    ends = [key("Output", output) for output in outputs] if brackets else list(outputs)
    gradients = [key("Gradient", index) for index in range(len(inputs))]
    differentiate = GradientOp(inputs=points, finals=finals, outputs=gradients)
    differentiate.called = dict(zip([*points, *finals], [*inputs, *outputs], strict=True))
    closing, gradients = method.core.ops(points, gradients)
    for bracket, level in reversed(brackets):
        closed, gradients = bracket.closing(level, gradients)
        closing += closed

    def decide() -> list[TensorOp]:
        return [
            Decide(inputs=[*outputs, *wanted], outputs=[*classes, *predictions, *scores], score=score),
            Margin(inputs=[*outputs, *classes], outputs=margins, score=score),
        ]

    predict: Stage = ([_model(model, inputs, outputs), *decide()], PREDICT)

    forward: list[TensorOp] = [*opening, Watch(inputs=points), _model(model, points, ends)]
    gather = Gather(inputs=ends, outputs=finals, indices=classes, score=score)
    backward: list[TensorOp] = [gather, differentiate, *closing]
    if not brackets:
        whole: Stage = ([*forward, *decide(), *backward], WHOLE)
        session = _session([predict, whole], {PREDICT: clean, WHOLE: clean + gradients}, backend)
        return Composition(method, places, session, (), (), tuple((gradient,) for gradient in gradients), None)

    statistics = [bracket.statistic(level, backend) for bracket, level in brackets]
    states, results = (
        tuple(tuple(key(f"{what}_{index}", part) for part in parts) for index in range(len(inputs)))
        for what, parts in (("State", statistics[-1].parts), ("Result", statistics[-1].results))
    )
    gap: Reduction | None = None
    stages: list[Stage] = [
        (*predict, WHOLE),
        (forward, ATTRIBUTE, WHOLE, ENDING),
        ([LastSample(inputs=[*ends, inputs[0]], outputs=outputs), *decide()], ENDING),
        (backward, ATTRIBUTE, WHOLE, ENDING),
        ([Accumulate(gradients, Composition.weights, states, statistics[-1])], ATTRIBUTE),
        ([Reduce(gradients, inputs, Composition.weights, results, statistics[-1])], WHOLE, ENDING),
    ]
    reduced = clean + [part for result in results for part in result]
    left = {PREDICT: clean, WHOLE: reduced, ENDING: reduced, ATTRIBUTE: [part for state in states for part in state]}
    bracket, level = brackets[0]
    if len(brackets) == 1 and bracket.has_baseline:
        gap = Reduction(statistics[0], backend) if bracket.draws(level) else None
        starting, starts = bracket.origins(level)
        origins = Gather(inputs=ends, outputs=scores, indices=classes, score=score)
        stages.append(([*starting, _model(model, starts, ends), origins], ORIGINS))
        stages.append(([ElementSum(inputs=gradients, outputs=[Composition.sums])], ATTRIBUTE))
        left[ORIGINS] = scores
        left[ATTRIBUTE].append(Composition.sums)
    reductions = tuple(tuple(Reduction(each, backend) for _ in inputs) for each in statistics)
    return Composition(method, places, _session(stages, left, backend), reductions, states, results, gap)


def _session(stages: Sequence[Stage], left: dict[str, list[str]], backend: Backend) -> Session:
    """One Network of several programs: each stage, in this order, in those that it names."""
    ops: list[TensorOp] = []
    for stage, *programs in stages:
        for op in stage:
            op.ds_id = set(programs)
            ops.append(op)
    return Session(Network(ops=ops), left, backend)


def _model(model: Any, inputs: Sequence[str], outputs: Sequence[str]) -> ModelOp:
    # FE hands a model one tensor for a string and a list for a list, also for a list of one.
    plain = [keys[0] if len(keys) == 1 else list(keys) for keys in (inputs, outputs)]
    return ModelOp(model=model, inputs=plain[0], outputs=plain[1], trainable=False)
