"""Several classes of each row: one against the other, or a set of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fe_saliency.backend import Tensor
from fe_saliency.op.gather import decide, on_scale
from fe_saliency.target.base import Output, Target, Told
from fe_saliency.target.classes import target_of
from fe_saliency.target.values import beyond, looked_up


@dataclass(frozen=True)
class Contrast(Target):
    """Why this and not that: the score of one target less that of another (the logits' difference with score="logit").

    Args:
        this: A class, (B,) classes, a key of the batch, or a Target.
        that: Likewise.
    """

    this: Any
    that: Any

    def __post_init__(self) -> None:
        for name in ("this", "that"):
            object.__setattr__(self, name, target_of(getattr(self, name)))
        object.__setattr__(self, "count", self.this.count + self.that.count)

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        return [*self.this.numbers(said, batch, rows), *self.that.numbers(said, batch, rows)]

    def plan(self) -> Target:
        return Contrast(self.this.plan(), self.that.plan())

    def settle(self, output: Output, numbers: Sequence[Tensor]) -> Sequence[Tensor]:
        this, that = self._parts(numbers)
        return [*self.this.settle(output, this), *self.that.settle(output, that)]

    def score(self, output: Output, held: Sequence[Tensor]) -> Tensor:
        this, that = self._parts(held)
        return self.this.score(output, this) - self.that.score(output, that)

    def told(self, output: Output, held: Sequence[Tensor]) -> Told:
        return None, self.this.told(output, self._parts(held)[0])[1], None

    def check(self, said: str, numbers: Sequence[np.ndarray], output: Output) -> None:
        this, that = self._parts(numbers)
        self.this.check(said, this, output)
        self.that.check(said, that, output)

    def _parts(self, tensors: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        return tensors[: self.this.count], tensors[self.this.count :]


@dataclass(frozen=True)
class Labels(Target):
    """The sum of the scores of several classes: those that a row of multi-label data has. Without any it is 0.

    Args:
        classes: Class numbers, the same for all rows: a set or a list; or multi-hot labels (B, N) of 0 and 1, or the
            key of these in the batch.
    """

    classes: Any
    count = 1

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        listed = sorted(self.classes) if isinstance(self.classes, (set, frozenset)) else self.classes
        if self._listed and not len(self.classes):
            raise ValueError(
                f"`{said}` (=Labels({self.classes})) must name at least one class, such as Labels({{1, 4}})."
            )
        said, array = looked_up(said, listed, batch)
        if array.dtype.kind not in "iub" and not (array.ndim == 2 and array.dtype.kind == "f"):
            raise TypeError(f"`{said}` has dtype {array.dtype}, but must hold class numbers, or labels of 0 and 1.")
        if self._listed:
            if array.min() < 0:
                raise ValueError(f"`{said}` (={listed}) must name classes counted from 0.")
            # Sets of other sizes share graphs: a class that is named twice counts once.
            return [np.tile(np.resize(array, 1 << (len(array) - 1).bit_length()), (rows, 1)).astype(np.int64)]
        if array.ndim != 2 or len(array) != rows or not np.isin(array, (0, 1)).all():
            raise ValueError(
                f"`{said}`, of shape {array.shape}, must be labels of 0 and 1 per row and class, ({rows}, N)."
            )
        return [array.astype(np.int64)]

    def plan(self) -> Target:
        return replace(self, classes=frozenset() if self._listed else "")

    def settle(self, output: Output, numbers: Sequence[Tensor]) -> Sequence[Tensor]:
        backend, units, labels = output.backend, output.units(), numbers[0]
        if self._listed:
            named = labels[:, :, None] == backend.columns(units)[None, None]
            return [backend.int64(backend.sum(backend.int64(named), axis=1) > 0)]
        wide, count = backend.shape(labels)[1], backend.shape(units)[1]
        if wide != count:
            raise ValueError(
                f"The labels for the output `{output.key}` have {wide} classes, but it has {count}: give (B, {count})."
            )
        return numbers

    def score(self, output: Output, held: Sequence[Tensor]) -> Tensor:
        backend, units = output.backend, output.units()
        scores = on_scale(backend, units, output.scale)
        return backend.sum(scores * backend.cast_like(backend.repeat(held[0], units), units), axis=1)

    def told(self, output: Output, held: Sequence[Tensor]) -> Told:
        return None, decide(output.backend, output.units(), output.scale), None

    def check(self, said: str, numbers: Sequence[np.ndarray], output: Output) -> None:
        count = output.tensor.reshape(len(output.tensor), -1).shape[1]
        if count == 1:
            raise ValueError(
                f"`{said}` is of several classes, but the output `{output.key}` has one unit: use Class or Unit."
            )
        if self._listed:
            beyond(said, numbers[0], count, "class")

    @property
    def _listed(self) -> bool:
        return (
            isinstance(self.classes, (set, frozenset))
            or not isinstance(self.classes, str)
            and np.ndim(self.classes) == 1
        )
