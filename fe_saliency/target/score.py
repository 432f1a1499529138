"""What is no class: a unit of a regression, or any function of the output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fe_saliency.backend import Tensor
from fe_saliency.op.gather import at_most
from fe_saliency.target.base import Output, Target
from fe_saliency.target.values import beyond, looked_up, per_row


@dataclass(frozen=True)
class Unit(Target):
    """One unit as the model gives it, whatever `score=` says: what a regression predicts.

    Args:
        index: Its number, (B,) of them, or the key of these in the batch.
    """

    index: Any = 0
    count = 1

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        return [per_row(said, self.index, batch, rows, "unit")]

    def plan(self) -> Target:
        return Unit()

    def settle(self, output: Output, numbers: Sequence[Tensor]) -> Sequence[Tensor]:
        last = (output.backend.shape(output.units())[1] or 1) - 1
        return [at_most(output.backend, numbers[0], last)]

    def score(self, output: Output, held: Sequence[Tensor]) -> Tensor:
        return output.backend.pick(output.units(), held[0])

    def check(self, said: str, numbers: Sequence[np.ndarray], output: Output) -> None:
        beyond(said, numbers[0], output.tensor.reshape(len(output.tensor), -1).shape[1], "unit")


@dataclass(frozen=True)
class Score(Target):
    """Any function of an output; `score=` does not touch it.

    Graphs are kept by the function: give the same object in each call; a new one (a lambda in a loop) is traced anew.

    Args:
        function: From the output (K*B, ...), a tensor as the model gives it, and `given`, (K*B, ...) too, to one score
            per row, (K*B,); of the framework's own operations, so that it has a gradient. K is the number of samples
            that are run at once.
        given: What differs from row to row: arrays (B, ...), or keys of these in the batch.
    """

    function: Callable[..., Tensor]
    given: Sequence[Any] = ()

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"`function` (={self.function!r}) must be callable: from outputs (K*B, ...) to (K*B,).")
        object.__setattr__(self, "given", tuple(self.given))
        object.__setattr__(self, "count", len(self.given))

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        found = []
        for place, value in enumerate(self.given):
            name, array = looked_up(f"{said}.given[{place}]", value, batch)
            if array.dtype.kind not in "fiub":
                raise TypeError(f"`{name}` has dtype {array.dtype}, but must hold real numbers.")
            if array.ndim == 0 or len(array) != rows:
                raise ValueError(f"`{name}` has shape {array.shape}, but must have one entry per row, ({rows}, ...).")
            found.append(array)
        return found

    def plan(self) -> Target:
        return replace(self, given=("",) * self.count)

    def score(self, output: Output, held: Sequence[Tensor]) -> Tensor:
        backend, tensor = output.backend, output.tensor
        found = self.function(tensor, *(backend.repeat(each, tensor) for each in held))
        rows = list(backend.shape(tensor))[:1]  # [None] where a graph does not know it
        shape = list(backend.shape(found)) if backend.is_tensor(found) else None
        if shape != rows:
            name = getattr(self.function, "__name__", repr(self.function))
            raise ValueError(
                f"`function` (={name}) gave {'no tensor' if shape is None else shape} for the output `{output.key}` of "
                f"shape {list(backend.shape(tensor))}, but must give one score per row, {rows}: reduce all axes "
                "but the first."
            )
        return backend.at_least_single(found)
