"""What a target is, and what it sees of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency.backend import Backend, Tensor
from fe_saliency.op.gather import as_units

#: The class that is explained (B,), the one decided for (B,), and the margin (B,); None for what there is not.
Told = tuple[Tensor | None, Tensor | None, Tensor | None]


@dataclass(frozen=True, eq=False)
class Output:
    """One output of a model, of K samples of B rows.

    Args:
        key: What it is called.
        tensor: (K*B, ...), as the model gives it: row b of sample k stands at k * B + b.
        backend: Its framework.
        scale: What `score=` says: "output", "logit", "log_probability" or "probability".
    """

    key: str
    tensor: Tensor
    backend: Backend
    scale: str

    def units(self) -> Tensor:
        """One score per class and row, (K*B, N), in single precision at least.

        Raises:
            ValueError: The output has more than two axes.
        """
        return as_units(self.backend, self.tensor, self.key)

    def pixels(self) -> Tensor:
        """One score per class, pixel and row, (K*B*H*W, C), in single precision at least.

        Raises:
            ValueError: The output is not (B, H, W, C), or channels-first (B, C, H, W).
        """
        self.size()
        return self.backend.at_least_single(self.backend.pixels(self.tensor))

    def size(self) -> list[int | None]:
        """[H, W].

        Raises:
            ValueError: As `pixels`.
        """
        shape = list(self.backend.shape(self.tensor))
        if len(shape) != 4:
            layout = "(B, C, H, W)" if self.backend.channel_axis == 1 else "(B, H, W, C)"
            raise ValueError(
                f"The model output `{self.key}` has shape {tuple(shape)}, but must be {layout} for a target that is a "
                "mask or a pixel: explain a class, or any other score by `Score(function)`."
            )
        del shape[self.backend.channel_axis]
        return shape[1:]


class Target:
    """What of one output is explained: one score per row. Subclasses are frozen data.

    The least that one needs is `score`. What differs from row to row or from call to call goes through `numbers`, so
    that it is fed, chunk by chunk, and no graph is traced anew for it.
    """

    #: How many tensors it is fed, and holds.
    count = 0

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        """What it is fed: `count` arrays (B, ...), B = `rows`.

        Args:
            said: How the caller calls this target, for errors.
            batch: The caller's batch.
            rows: B.
        """
        return []

    def plan(self) -> Target:
        """What of it is compiled: a target without the numbers, equal and hashable. Equal plans share a graph."""
        return self

    def settle(self, output: Output, numbers: Sequence[Tensor]) -> Sequence[Tensor]:
        """What is held for all samples, `count` tensors (B, ...), from the clean output (B, ...) and what is fed."""
        return numbers

    def score(self, output: Output, held: Sequence[Tensor]) -> Tensor:
        """The score that is explained, (K*B,), of K samples; `held` is (B, ...)."""
        raise NotImplementedError

    def told(self, output: Output, held: Sequence[Tensor]) -> Told:
        """What is told of the clean output beside the score, if the target is a class."""
        return None, None, None

    def fixed(self, held: Sequence[np.ndarray]) -> Target:
        """The target that explains what was settled, whatever the model says then."""
        return Fixed(self.plan(), tuple(held))

    def check(self, said: str, numbers: Sequence[np.ndarray], output: Output) -> None:
        """Raise ValueError if the clean output cannot be explained so. Its tensor is an array here."""


@dataclass(frozen=True, eq=False)
class Fixed(Target):
    """A target as it was settled for some rows.

    Args:
        target: Its plan.
        held: What it held, arrays (B, ...).
    """

    target: Target
    held: tuple[np.ndarray, ...]

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        for array in self.held:
            if len(array) != rows:
                raise ValueError(
                    f"`{said}` was fixed for {len(array)} rows, but the batch has {rows}: give the same rows."
                )
        return list(self.held)

    def plan(self) -> Target:
        return _FixedPlan(self.target)

    def fixed(self, held: Sequence[np.ndarray]) -> Target:
        return self


@dataclass(frozen=True)
class _FixedPlan(Target):
    target: Target

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", self.target.count)

    def score(self, output: Output, held: Sequence[Tensor]) -> Tensor:
        return self.target.score(output, held)

    def told(self, output: Output, held: Sequence[Tensor]) -> Told:
        return self.target.told(output, held)
