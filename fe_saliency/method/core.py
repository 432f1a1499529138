"""The innermost part of a method: from the gradient at a point to what is attributed there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import op

#: One per model input.
Keys = list[str]


@dataclass(frozen=True)
class Core:
    """The gradient itself (Simonyan et al. 2013, 1312.6034); subclasses turn it into something else, point by point."""

    #: Whether contributions sum to a difference of scores where a path integrates it.
    complete = True
    #: Whether what is attributed has a sign: above 0 what raises the score, below 0 what lowers it.
    signed = True
    #: Whether points and gradients are those of a layer, and the one map is then brought to the size of the input.
    at_layer = False

    def ops(self, points: Keys, gradients: Keys) -> tuple[list[TensorOp], Keys]:
        """The ops that read the points (K*B, ...) and their gradients, and the keys of what they attribute there."""
        return [], gradients


@dataclass(frozen=True)
class Absolute(Core):
    """|g|: how much a pixel matters, whichever way."""

    complete = False
    signed = False
    _op: ClassVar[type[TensorOp]] = op.Absolute

    def ops(self, points: Keys, gradients: Keys) -> tuple[list[TensorOp], Keys]:
        found = _keys(gradients)
        return [self._op(inputs=gradients, outputs=found)], found


@dataclass(frozen=True)
class Squared(Absolute):
    """g ** 2 (Hooker et al. 2019, 1806.10758)."""

    _op = op.Squared


@dataclass(frozen=True)
class TimesInput(Core):
    """g * x, with the x where the gradient was taken (Shrikumar et al. 2016, 1605.01713)."""

    complete = False

    def ops(self, points: Keys, gradients: Keys) -> tuple[list[TensorOp], Keys]:
        found = _keys(gradients)
        return [op.TimesDifference(inputs=gradients + points, outputs=found)], found


def _keys(gradients: Keys) -> Keys:
    return [f"{key}_core" for key in gradients]
