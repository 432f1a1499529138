"""Pixels of a dense output (a segmentation): the score of a class, summed over some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fe_saliency.backend import Tensor
from fe_saliency.op.gather import at_most, decide, explained, last_class
from fe_saliency.target.base import Output, Target
from fe_saliency.target.values import beyond, looked_up, per_row


class _Dense(Target):
    """What is held is the class that is explained at each pixel, int64 (B, H*W), -1 for none."""

    count = 1

    def score(self, output: Output, held: Sequence[Tensor]) -> Tensor:
        backend, units = output.backend, output.pixels()
        labels = backend.flat(held[0])
        inside = backend.repeat(labels, units) >= 0
        scores = explained(backend, units, backend.where(labels < 0, labels * 0, labels), output.scale)
        return backend.row_sum(backend.unfold(backend.where(inside, scores, scores * 0), backend.rows(output.tensor)))

    def check(self, said: str, numbers: Sequence[np.ndarray], output: Output) -> None:
        beyond(said, numbers[0], max(2, output.tensor.shape[output.backend.channel_axis]), "class")


@dataclass(frozen=True)
class Mask(_Dense):
    """The score of a class of a dense output, (B, H, W, C) or channels-first (B, C, H, W), summed over a mask.

    The output is read in the framework's own layout, whatever `channel_axis=` says of the inputs. A row whose mask is
    empty has a score of 0 and a map of zeros.

    Args:
        index: The class, (B,) classes, or the key of these in the batch. An output of one channel has classes 0 and 1.
        mask: None for the pixels where the model decides for this class on the clean input. Else where it is summed:
            (H, W) for all rows, (B, H, W), or that with a channel axis; of bool or 0 and 1; or its key in the batch.
    """

    index: Any
    mask: Any = None

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        classes = per_row(said, self.index, batch, rows)
        if self.mask is None:
            return [classes]
        said, mask = looked_up(f"{said}.mask", self.mask, batch)
        if mask.dtype.kind not in "fiub":
            raise TypeError(f"`{said}` has dtype {mask.dtype}, but must hold bool, or 0 and 1.")
        if not np.isin(mask, (0, 1)).all():
            raise ValueError(f"`{said}` must hold bool, or 0 and 1. Of a map of labels pass `labels == index`.")
        shape = mask.shape
        if mask.ndim == 4 and 1 in (shape[1], shape[-1]):
            mask = mask.squeeze(-1 if shape[-1] == 1 else 1)
        if mask.ndim not in (2, 3) or mask.ndim == 3 and len(mask) not in (1, rows):
            raise ValueError(f"`{said}` has shape {shape}, but must be (H, W) or ({rows}, H, W).")
        return [np.where(mask.astype(bool), classes[:, None, None], -1)]

    def plan(self) -> Target:
        return replace(self, index=0, mask=None if self.mask is None else "")

    def settle(self, output: Output, numbers: Sequence[Tensor]) -> Sequence[Tensor]:
        backend, labels = output.backend, numbers[0]
        if self.mask is None:
            decided = _decided(output)
            return [backend.where(decided == labels[:, None], decided, decided * 0 - 1)]
        size, wanted = list(backend.shape(labels))[1:], output.size()
        if size != wanted:
            raise ValueError(
                f"The mask for the output `{output.key}` is {size} pixels, but it has {wanted}: resize it."
            )
        labels = at_most(backend, labels, last_class(backend, output.pixels()))
        return [backend.unfold(backend.flat(labels), backend.rows(labels))]


@dataclass(frozen=True)
class Pixel(_Dense):
    """The score of a class at one pixel of a dense output, (B, H, W, C) or channels-first (B, C, H, W), as in `Mask`.

    Args:
        row: Where, counted from the top: a number, (B,), or the key of these in the batch.
        column: Likewise, from the left.
        index: The class, likewise; None for the one that the model decides for there on the clean input.
    """

    row: Any
    column: Any
    index: Any = None

    def numbers(self, said: str, batch: Mapping[str, Any], rows: int) -> list[np.ndarray]:
        row, column = (
            per_row(said, each, batch, rows, what) for each, what in ((self.row, "row"), (self.column, "column"))
        )
        index = np.full(rows, -1) if self.index is None else per_row(said, self.index, batch, rows)
        return [np.stack([row, column, index], axis=1)]

    def plan(self) -> Target:
        return Pixel(0, 0)

    def settle(self, output: Output, numbers: Sequence[Tensor]) -> Sequence[Tensor]:
        backend, decided, (_, width) = output.backend, _decided(output), output.size()
        row, column, index = (numbers[0][:, part, None] for part in range(3))
        labels = at_most(backend, backend.where(index < 0, decided, index), last_class(backend, output.pixels()))
        here = backend.columns(decided)[None] == row * width + column
        return [backend.where(here, labels, labels * 0 - 1)]

    def check(self, said: str, numbers: Sequence[np.ndarray], output: Output) -> None:
        _, height, width, classes = np.moveaxis(output.tensor, output.backend.channel_axis, -1).shape
        for part, (what, count) in enumerate([("row", height), ("column", width), ("class", max(2, classes))]):
            beyond(said, numbers[0][:, part], count, what)


def _decided(output: Output) -> Tensor:
    """The class that the model decides for at each pixel, int64 (B, H*W)."""
    decided = decide(output.backend, output.pixels(), output.scale)
    return output.backend.unfold(decided, output.backend.rows(output.tensor))
