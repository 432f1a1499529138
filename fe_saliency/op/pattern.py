"""Patterns of random numbers: ops that draw them, and ops that place them in each row's own range."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastestimator.util.traceability_util import traceable

from fe_saliency import checks
from fe_saliency.backend import Backend, Tensor
from fe_saliency.op.base import Keys, SaliencyOp, groups, same_number


@traceable()
class PatternOp(SaliencyOp):
    """Draw K patterns for each of several tensors; subclasses say which, in `draw`.

    Args:
        inputs: Key(s) of tensors (B, ...): only their shapes are read.
        outputs: Key(s) for the patterns, (K, ...), one per input.
        nsamples: K, at least 1.
        seed: Which patterns, 0 to 2 ** 64 - 1.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: `nsamples` < 1, a wrong seed, or not one output per input.
    """

    def __init__(
        self, inputs: Keys, outputs: Keys, nsamples: int = 25, seed: int = 0, mode: Keys = None, ds_id: Keys = None
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        same_number(inputs=self.inputs, outputs=self.outputs)
        self.nsamples = checks.whole("nsamples", nsamples)
        self.seed = checks.seed("seed", seed)

    def draw(self, index: int, row: tuple[int, ...]) -> np.ndarray:
        """The patterns (K, *row) of input number `index`."""
        raise NotImplementedError

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        drawn = [self.draw(index, _row_shape(self.backend, tensor)) for index, tensor in enumerate(data)]
        return [
            self.backend.cast_like(self.backend.tensor(pattern), tensor)
            for pattern, tensor in zip(drawn, data, strict=True)
        ]


@traceable()
class PlacingOp(SaliencyOp):
    """Fold K placed patterns per row into the batch; subclasses say how one is placed, in `place`.

    Args:
        inputs: Key(s) of the tensors (B, ...), then as many keys of patterns (K, ...).
        outputs: Key(s) for what was placed, (K*B, ...): row b of pattern k stands at k * B + b.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Not one pattern and one output per tensor.
    """

    def __init__(self, inputs: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        tensors, patterns = groups(self.inputs, 2)
        same_number(tensors=tensors, patterns=patterns, outputs=self.outputs)

    def place(self, x: Tensor, pattern: Tensor) -> Tensor:
        """Patterns (K, 1, ...) placed for rows (B, ...): (K, B, ...)."""
        raise NotImplementedError

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        return [self.backend.fold(self.place(x, pattern[:, None])) for x, pattern in zip(*groups(data, 2), strict=True)]


def _row_shape(backend: Backend, tensor: Any) -> tuple[int, ...]:
    """The shape of one row of `tensor` (B, ...), which must be known when the op is built into a graph.

    Raises:
        ValueError: A static graph does not know it.
    """
    row = tuple(backend.shape(tensor)[1:])
    if None in row:
        raise ValueError(
            f"The row shape {row} must be known to draw patterns: fix it, by `tf.ensure_shape` or in the pipeline."
        )
    return tuple(int(size) for size in row if size is not None)
