"""One class of each row: the predicted one, a given one, the true one, or one by its rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency.backend import Tensor
from fe_saliency.op.gather import at_most, decide, explained, lead, settled
from fe_saliency.target.base import Output, Target, Told
from fe_saliency.target.values import beyond, per_row


@dataclass(frozen=True)
class Predicted(Target):
    """The class with the highest score on the clean input, on the scale `score=`; what is explained by default."""

    count = 1

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        return [np.full(rows, -1)]

    def plan(self) -> Target:
        return Predicted()

    def settle(self, output: Output, numbers: Sequence[Tensor]) -> Sequence[Tensor]:
        return [settled(output.backend, output.units(), numbers[0], output.scale)]

    def score(self, output: Output, held: Sequence[Tensor]) -> Tensor:
        return explained(output.backend, output.units(), held[0], output.scale)

    def told(self, output: Output, held: Sequence[Tensor]) -> Told:
        units = output.units()
        predicted = decide(output.backend, units, output.scale)
        return held[0], predicted, lead(output.backend, units, held[0], output.scale)

    def fixed(self, held: Sequence[np.ndarray]) -> Target:
        return Class(held[0])

    def check(self, said: str, numbers: Sequence[np.ndarray], output: Output) -> None:
        units = output.tensor.reshape(len(output.tensor), -1)
        if units.shape[1] == 1 and "probability" in output.scale and not ((units >= 0) & (units <= 1)).all():
            raise ValueError(
                f"`score` (={output.scale!r}) takes the one-unit output `{output.key}` for a probability, but it "
                f"reaches {units.min():.4g} to {units.max():.4g}; use score='logit'."
            )
        self.check_range(said, numbers[0], max(2, units.shape[1]))

    def check_range(self, said: str, numbers: np.ndarray, classes: int) -> None:
        """Raise ValueError if the output has fewer `classes` than the numbers name."""
        beyond(said, numbers, classes, "class")


@dataclass(frozen=True)
class Class(Predicted):
    """A class by its number.

    Args:
        index: The number, (B,) of them, or the key of these in the batch.
    """

    index: Any

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        return [per_row(said, self.index, batch, rows)]


@dataclass(frozen=True)
class Key(Predicted):
    """The class that the batch holds under a key: the true one.

    Args:
        key: The key of (B,) or (B, 1) whole numbers.
    """

    key: str

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        return [per_row(said, self.key, batch, rows)]


@dataclass(frozen=True)
class Top(Predicted):
    """The class of a rank of the clean prediction; of classes of equal score the first goes before.

    The first three, one by one: `[net.attribute(batch, target=Top(rank)) for rank in (1, 2, 3)]`. They share a graph.

    Args:
        rank: 1 for the predicted class, 2 for the next, ...; or (B,) of these, or their key.
    """

    rank: Any = 1

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        return [per_row(said, self.rank, batch, rows, "rank", 1)]

    def plan(self) -> Target:
        return Top()

    def settle(self, output: Output, numbers: Sequence[Tensor]) -> Sequence[Tensor]:
        backend, units, place = output.backend, output.units(), numbers[0] - 1
        predicted, count = decide(backend, units, output.scale), backend.shape(units)[1] or 1
        if count == 1:
            return [backend.where(place == 0, predicted, 1 - predicted)]
        return [backend.pick(backend.order(units), at_most(backend, place, count - 1))]

    def check_range(self, said: str, numbers: np.ndarray, classes: int) -> None:
        beyond(said, numbers, classes, "rank", 1)


def target_of(value: Any) -> Target:
    """`value` if it is a target, the class under a key if it is a string, else the class of this number or array."""
    if isinstance(value, Target):
        return value
    return Key(value) if isinstance(value, str) else Class(value)
