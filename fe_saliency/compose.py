"""From a method to a Network: the brackets' ops around FE's ModelOp, and the programs that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastestimator.network import Network
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency.backend import Backend, Tensor
from fe_saliency.errorless import without_error
from fe_saliency.method import Baseline, Level, Method
from fe_saliency.op import Accumulate, ElementSum, GradientOp, LastSample, Reduce
from fe_saliency.session import Session
from fe_saliency.site import ACTIVATION, Inside, Site, model_op
from fe_saliency.statistic import State, Statistic
from fe_saliency.target import Aim
from fe_saliency.target.ops import Explain, Settle

#: The programs of a Network, told apart by FE's dataset ids. PREDICT reads the clean rows and what targets are fed, and
#: leaves outputs, what targets hold, classes, predictions, scores and margins. ATTRIBUTE reads rows, what targets hold,
#: what the brackets feed and the states of the innermost bracket's statistics, and leaves the states. WHOLE does both
#: at once, from nothing to the finished result, and ENDING as well, where the last sample is the clean input. ORIGINS
#: leaves the scores where the paths begin. CAPTURE reads the clean rows and leaves what a layer gives, where that is
#: explained.
PREDICT, ATTRIBUTE, WHOLE, ENDING, ORIGINS = "predict", "attribute", "whole", "ending", "origins"
CAPTURE = "capture"


#: What is told of each output on the clean rows, (B,) each.
TOLD = ("Class", "Prediction", "Score", "Margin")
#: Ops, and the programs they are part of.
Stage = tuple[Any, ...]


def key(what: str, name: object) -> str:
    """A key of the package's own in a Network."""
    return f"SaliencyNet_{what}_{name}"


def keys(what: str, output: str, count: int) -> list[str]:
    """The keys of `count` tensors that the target of an output is fed ("Wanted") or holds ("Held")."""
    return [key(f"{what}_{number}", output) for number in range(count)]


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
        site: Where it attributes.
        method: The method.
        levels: The place of each of its brackets.
        aims: The target of each output, by key.
        session: Its Network.
        reductions: For each bracket, the outermost first, one Reduction per model input.
        states: For each model input the keys of the state of the innermost bracket.
        gradients: The keys of the gradients, one per model input, which ATTRIBUTE leaves for an adaptive bracket.
        results: For each model input the keys of what WHOLE and ENDING leave: the map, and if there is a bracket what
            else `Statistic.finish` gives.
        gap: Reduces the gap of each point of a path whose baselines are drawn, if errors are wanted.
        weights: The key of the innermost bracket's weights.
        sums: The key of the sum of the contributions of each point, (K*B,); ATTRIBUTE leaves it where `gap` reads it.
    """

    site: Site
    method: Method
    levels: tuple[Level, ...]
    aims: Mapping[str, Aim]
    session: Session
    reductions: tuple[tuple[Reduction, ...], ...]
    states: tuple[tuple[str, ...], ...]
    gradients: tuple[str, ...]
    results: tuple[tuple[str, ...], ...]
    gap: Reduction | None
    weights: str = key("Point", "weight")
    sums: str = key("Point", "sum")

    @property
    def of_weights(self) -> bool:
        """Whether the outermost bracket samples the model's weights: each of its samples is then run alone."""
        return any(bracket.of_weights for bracket in self.method.brackets)


def levels(
    method: Method, site: Site, inputs: Sequence[str], baselines: Sequence[Baseline], open_ended: bool
) -> tuple[Level, ...]:
    """The place of each bracket of `method` at `site`, whose rows are called `inputs`."""
    return tuple(
        Level(depth, tuple(inputs), tuple(baselines), open_ended and depth == 0, site.channel_axis)
        for depth in range(len(method.brackets))
    )


def compose(
    site: Site,
    aims: Mapping[str, Aim],
    method: Method,
    places: tuple[Level, ...],
    score: str,
    errors: bool,
    backend: Backend,
) -> Composition:
    """The Network of `method` at `site`, whose brackets stand at `places`, for the plans of `aims`, one per output.

    With `errors` it finds what tells how far off the maps are, too.
    """
    brackets = list(zip(method.brackets, places, strict=True))
    outputs = list(aims)
    held = {output: keys("Held", output, aim.plan.count) for output, aim in aims.items()}
    told = {output: [key(what, output) for what in TOLD] for output in outputs}
    scores, finals = ([key(what, output) for output in outputs] for what in ("Score", "Final"))
    clean = [*outputs, *(each for output in outputs for each in (*held[output], *told[output]))]
    points, opening = list(site.explained), []
    for bracket, level in brackets:
        opened, points = bracket.opening(level, points)
        opening += opened
    ends = [key("Output", output) for output in outputs] if brackets else list(outputs)
    running, watched = site.watched(points, ends)
    gradients = [key("Gradient", index) for index in range(len(watched))]
    differentiate = GradientOp(inputs=watched, finals=finals, outputs=gradients)
    differentiate.called = dict(zip([*watched, *finals], [*site.maps, *outputs], strict=True))
    closing, gradients = method.core.ops(watched, gradients)
    mapping, gradients = site.mapped(gradients)
    closing += mapping
    for bracket, level in reversed(brackets):
        closed, gradients = bracket.closing(level, gradients)
        closing += closed

    def settle() -> list[TensorOp]:
        return [
            Settle([output, *keys("Wanted", output, aim.plan.count)], [*held[output], *told[output]], aim.plan, score)
            for output, aim in aims.items()
        ]

    def explain(results: list[str]) -> list[TensorOp]:
        return [
            Explain([end, *held[output]], [result], output, aim.plan, score)
            for end, result, (output, aim) in zip(ends, results, aims.items(), strict=True)
        ]

    predict: Stage = ([model_op(site.model, site.inputs, outputs), *settle()], PREDICT)
    stages: list[Stage] = [(*predict, WHOLE) if brackets and not method.adaptive else predict]
    left = {PREDICT: clean}
    if isinstance(site, Inside):
        stages.append((site.capture(outputs), CAPTURE))
        left[CAPTURE] = [ACTIVATION]
    forward: list[TensorOp] = [*opening, *running]
    backward: list[TensorOp] = [*explain(finals), differentiate, *closing]
    if brackets and brackets[-1][0].scored:
        backward.append(ElementSum(inputs=finals, outputs=[Composition.weights]))
    if not brackets:
        stages.append(([*forward, *settle(), *backward], WHOLE))
        left[WHOLE] = clean + gradients
        maps = tuple((gradient,) for gradient in gradients)
        return Composition(site, method, places, aims, _session(stages, left, backend), (), (), (), maps, None)

    # What errors are told by are the samples of the outermost bracket.
    outermost, *inner = (bracket.statistic(level, backend) for bracket, level in brackets)
    statistics = [outermost if errors else without_error(outermost), *map(without_error, inner)]
    states, results = (
        tuple(tuple(key(f"{what}_{index}", part) for part in parts) for index in range(len(site.maps)))
        for what, parts in (("State", statistics[-1].parts), ("Result", statistics[-1].results))
    )
    gap: Reduction | None = None
    if method.adaptive:  # The states are advanced beside the Network; see `Follower`.
        stages.append((forward + backward, ATTRIBUTE))
        left[ATTRIBUTE] = [*gradients, *places[-1].keys("difference")]
    else:
        stages += [
            (forward, ATTRIBUTE, WHOLE, ENDING),
            ([LastSample(inputs=[*ends, site.inputs[0]], outputs=outputs), *settle()], ENDING),
            (backward, ATTRIBUTE, WHOLE, ENDING),
            ([Accumulate(gradients, Composition.weights, states, statistics[-1])], ATTRIBUTE),
            ([Reduce(gradients, site.likes, Composition.weights, results, statistics[-1])], WHOLE, ENDING),
        ]
        reduced = clean + [part for result in results for part in result]
        left |= {WHOLE: reduced, ENDING: reduced, ATTRIBUTE: [part for state in states for part in state]}
    bracket, level = brackets[0]
    if errors and len(brackets) == 1 and bracket.has_baseline:
        starting, starts = bracket.origins(level)
        stages.append(([*starting, *site.run(starts, ends), *explain(scores)], ORIGINS))
        left[ORIGINS] = scores
        if bracket.draws(level):
            gap = Reduction(statistics[0], backend)
            stages.append(([ElementSum(inputs=gradients, outputs=[Composition.sums])], ATTRIBUTE))
            left[ATTRIBUTE].append(Composition.sums)
    reductions = tuple(tuple(Reduction(each, backend) for _ in site.maps) for each in statistics)
    session = _session(stages, left, backend)
    return Composition(site, method, places, aims, session, reductions, states, tuple(gradients), results, gap)


def _session(stages: Sequence[Stage], left: dict[str, list[str]], backend: Backend) -> Session:
    """One Network of several programs: each stage, in this order, in those that it names."""
    ops: list[TensorOp] = []
    for stage, *programs in stages:
        for op in stage:
            op.ds_id = set(programs)
            ops.append(op)
    return Session(Network(ops=ops), left, backend)
