"""TensorFlow functions as graphs that last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from fe_saliency.backend.base import Tensor


class Graphs:
    """A function of tensors as graphs, traced once for all sizes of the first axes."""

    def __init__(self, function: Callable[..., Any], autograph: bool) -> None:
        self.function = tf.function(function, autograph=autograph)
        self.traced: dict[Any, Callable[..., Any]] = {}

    def __call__(self, *args: Any) -> Any:
        keys = tuple(tuple(sorted(arg)) for arg in args if isinstance(arg, dict))
        kind = (keys, *((each.dtype, *each.shape[1:]) for each in tf.nest.flatten(args)))
        if kind not in self.traced:
            self.traced[kind] = self.trace(tf.nest.map_structure(_any_rows, args))
        return self.traced[kind](*args)

    def trace(self, args: Any) -> Callable[..., Any]:
        """One graph more, for arguments described by `tf.TensorSpec`s."""
        return self.function.get_concrete_function(*args)


def _any_rows(tensor: Tensor) -> tf.TensorSpec:
    return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)
