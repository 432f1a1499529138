"""Baselines: where a path to the input begins (Sturmfels et al., Distill 2020,
distill.pub/2020/attribution-baselines)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import patterns
from fe_saliency.backend import to_numpy
from fe_saliency.op import UniformBaseline


class Baseline:
    """A baseline of one model input; subclasses are frozen data."""

    #: Whether every point of the path has a draw of its own.
    drawn = False

    def check(self, key: str, rows: np.ndarray) -> None:
        """Raise ValueError if this baseline does not fit the rows (B, ...) of input `key`."""

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        """The baselines of `rows`, (B, ...); or if `drawn`, the patterns (K, ...) that `op` makes them from."""
        raise NotImplementedError

    def op(self, rows: str, pattern: str, output: str) -> TensorOp:
        """If `drawn`: the op from keys `rows` (B, ...) and `pattern` (K, ...) to baselines (K*B, ...)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Uniform(Baseline):
    """Uniform in the row's own [min, max], a new draw for every point. The default."""

    drawn = True

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        return patterns.uniform(seed, index, samples, rows.shape[1:], channel_axis)

    def op(self, rows: str, pattern: str, output: str) -> TensorOp:
        return UniformBaseline(inputs=[rows, pattern], outputs=[output])


@dataclass(frozen=True)
class Constant(Baseline):
    """One number everywhere, in the units of the model's input (0 is black only if the data begin at 0)."""

    value: float = 0.0

    def check(self, key: str, rows: np.ndarray) -> None:
        _check_finite(key, np.asarray(self.value), rows.dtype)

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        return np.full_like(rows, self.value)


@dataclass(frozen=True, eq=False)
class Given(Baseline):
    """An array of the shape of the rows (B, ...), or of one row, in the model's own layout and units."""

    array: np.ndarray

    def check(self, key: str, rows: np.ndarray) -> None:
        if self.array.shape not in (rows.shape, rows.shape[1:], (1, *rows.shape[1:])):
            raise ValueError(
                f"`baseline` for `{key}` has shape {self.array.shape}, but must have the shape of the input, "
                f"{rows.shape}, or of one row of it, {rows.shape[1:]}."
            )
        _check_finite(key, self.array, rows.dtype)

    def feed(self, rows: np.ndarray, index: int, samples: range, seed: int, channel_axis: int) -> np.ndarray:
        return np.broadcast_to(self.array.astype(rows.dtype), rows.shape)


BASELINES = {"uniform": Uniform(), "zero": Constant(0.0)}
BaselineLike = Any  # None, a name, a number, an array or a Baseline


def resolve(baseline: BaselineLike | Mapping[str, BaselineLike], keys: Sequence[str]) -> tuple[Baseline, ...]:
    """One Baseline per input key.

    Args:
        baseline: None ("uniform"), a name, a number, an array or a Baseline; or a dict of these by input key, in which
            a key left out gets the default.
        keys: The model input keys.

    Raises:
        ValueError: An unknown name, or a dict with a key that is no model input.
        TypeError: None of these kinds.
    """
    if isinstance(baseline, Mapping):
        strangers = sorted(set(baseline) - set(keys))
        if strangers:
            raise ValueError(f"`baseline` names {strangers}, but the model inputs are {list(keys)}.")
        return tuple(_one(baseline.get(key)) for key in keys)
    one = _one(baseline)
    return tuple(one for _ in keys)


def _one(baseline: BaselineLike) -> Baseline:
    if baseline is None:
        return BASELINES["uniform"]
    if isinstance(baseline, Baseline):
        return baseline
    if isinstance(baseline, str):
        if baseline not in BASELINES:
            raise ValueError(
                f"`baseline` (={baseline!r}) must be one of {sorted(BASELINES)}, a number, an array or a Baseline."
            )
        return BASELINES[baseline]
    array = to_numpy(baseline)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"`baseline` (a {type(baseline).__name__}) must be a name, a number, an array or a Baseline.")
    if array.ndim == 0:
        if not np.isfinite(array):
            raise ValueError(f"`baseline` (={baseline}) must be finite.")
        return Constant(float(array))
    return Given(array)


def _check_finite(key: str, array: np.ndarray, dtype: np.dtype) -> None:
    with np.errstate(over="ignore"):
        finite = np.isfinite(array.astype(dtype)).all()
    if not finite:
        raise ValueError(
            f"`baseline` for `{key}` holds NaN or infinite numbers; all must be finite in the model's {dtype}."
        )
