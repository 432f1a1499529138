"""From a method to a Network: the brackets' ops around FE's ModelOp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastestimator.network import Network
from fastestimator.op.tensorop.model.model import ModelOp
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency.backend import Backend
from fe_saliency.method import Baseline, Level, Method
from fe_saliency.op import Gather, GradientOp, Watch
from fe_saliency.session import Session

#: The two programs of a Network, told apart by FE's modes.
PREDICT, ATTRIBUTE = "test", "infer"


def levels(method: Method, inputs: Sequence[str], baselines: Sequence[Baseline]) -> tuple[Level, ...]:
    """The place of each bracket of `method`."""
    return tuple(Level(depth, tuple(inputs), tuple(baselines)) for depth in range(len(method.brackets)))


def target_key(output: str) -> str:
    """Where the ATTRIBUTE program reads the classes (B,) to explain."""
    return f"SaliencyNet_Class_{output}"


@dataclass(frozen=True)
class Composition:
    """A method made runnable.

    Args:
        method: The method.
        levels: The place of each of its brackets.
        session: Its Network, with the programs PREDICT and ATTRIBUTE.
        contributions: The keys under which ATTRIBUTE leaves what the brackets reduce, one per model input.
    """

    method: Method
    levels: tuple[Level, ...]
    session: Session
    contributions: tuple[str, ...]


def compose(
    model: Any,
    inputs: Sequence[str],
    outputs: Sequence[str],
    method: Method,
    baselines: Sequence[Baseline],
    score: str,
    backend: Backend,
) -> Composition:
    """The Network of `method`, with two programs.

    PREDICT reads the inputs (B, ...) and leaves the model outputs. ATTRIBUTE reads the inputs, what the brackets feed
    and the classes, and leaves the contribution of every point, (K*B, ...): the innermost bracket's samples are the
    slowest.
    """
    places = levels(method, inputs, baselines)
    points = list(inputs)
    ops: list[TensorOp] = []
    for bracket, level in zip(method.brackets, places, strict=True):
        opened, points = bracket.opening(level, points)
        ops += opened
    scores = [f"SaliencyNet_Score_{index}" for index in range(len(outputs))]
    contributions = [f"SaliencyNet_Gradient_{index}" for index in range(len(inputs))]
    differentiate = GradientOp(inputs=points, finals=scores, outputs=contributions)
    differentiate.called = dict(zip([*points, *scores], [*inputs, *outputs], strict=True))
    ops += [
        Watch(inputs=points),
        ModelOp(model=model, inputs=_plain(points), outputs=_plain(outputs), trainable=False),
        Gather(inputs=outputs, outputs=scores, indices=[target_key(key) for key in outputs], score=score),
        differentiate,
    ]
    for bracket, level in reversed(list(zip(method.brackets, places, strict=True))):
        closed, contributions = bracket.closing(level, contributions)
        ops += closed
    for op in ops:
        op.mode = {ATTRIBUTE}
    ops.append(ModelOp(model=model, inputs=_plain(inputs), outputs=_plain(outputs), mode=PREDICT, trainable=False))
    session = Session(Network(ops=ops), {PREDICT: list(outputs), ATTRIBUTE: contributions}, backend)
    return Composition(method, places, session, tuple(contributions))


def _plain(keys: Sequence[str]) -> Any:
    # FE hands a model one tensor for a string and a list for a list, also for a list of one.
    return keys[0] if len(keys) == 1 else list(keys)
