"""TensorFlow functions as graphs that last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from fe_saliency import raised
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
        """One graph more, for arguments described by `tf.TensorSpec`s.

        Raises what the function raises. Autograph puts an error anew, with all the code it went through as its message;
        the package's own come out as they were raised, those of a model keep what autograph tells of its code.
        """
        try:
            return self.function.get_concrete_function(*args)
        except Exception as error:
            first = error.__context__ if hasattr(error, "ag_error_metadata") else None
            if first is None or not raised.by_package(first):
                raise
            own = first
        raise own


def _any_rows(tensor: Tensor) -> tf.TensorSpec:
    return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)
