"""TensorFlow behind the interface of `backend.weights`.

Keras clones a model by its configuration, which most subclassed models, and many layers of one's own, do not have; it
also names new layers and draws new weights. So a copy is the graph that the model is traced to, run on other variables:
true for every model that can be traced, and nothing is named or drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from fastestimator.backend import feed_forward
from fastestimator.op.tensorop.model.model import ModelOp

from fe_saliency.backend.base import Tensor
from fe_saliency.backend.graphs import Graphs
from fe_saliency.backend.weights import Factor, parameters_of, put_back


class TensorFlowWeights:
    def read(self, model: Any) -> list[np.ndarray]:
        return [variable.numpy() for variable in _variables(model)]

    def layers(self, model: Any) -> list[tuple[str, list[int]]]:
        parameters = {id(each): place for place, each in enumerate(_variables(model)) if each.trainable}
        found = []
        for name, layer in [*_layers(model), (model.name, model)]:  # what belongs to no layer is the model's own
            own = [parameters.pop(id(each)) for each in layer.weights if id(each) in parameters]
            if own:
                found.append((name, own))
        return found

    def copy(self, model: Any) -> Any:
        return _Copy(model)

    @contextmanager
    def multiplied(self, model: Any) -> Iterator[Callable[[Factor], None]]:
        kept: list[tuple[Any, Tensor]] = []

        def multiply(factor: Factor) -> None:
            if not kept:
                variables = _variables(model)
                own = [variables[place] for place in parameters_of(self, model)]
                kept.extend((each, each.read_value()) for each in own if each.dtype.is_floating)
            for number, (variable, value) in enumerate(kept):
                times = factor(number, value.shape.as_list(), range(value.shape.rank))
                exact = tf.float64 if value.dtype == tf.float64 else tf.float32
                variable.assign(tf.cast(tf.cast(value, exact) * tf.cast(times, exact), value.dtype))

        def restore(variable: Any, value: Tensor) -> None:
            variable.assign(value)

        try:
            yield multiply
        finally:
            put_back(restore, kept)

    def write(self, copy: Any, arrays: Sequence[np.ndarray]) -> None:
        for variable, array in zip(_variables(copy), arrays, strict=True):
            variable.assign(array)


def _variables(model: Any) -> list[Any]:
    if not model.built:
        raise ValueError(
            f"`model` (a {type(model).__name__}) has no weights yet: call it once on a batch, or give its first layer "
            "an `input_shape`."
        )
    return list(model.weights)


def _layers(model: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """The layers of `model`; of a model within it, its own layers."""
    for layer in model.layers:
        name = above + layer.name
        if isinstance(layer, tf.keras.Model):
            yield from _layers(layer, f"{name}/")
        yield name, layer


class _Copy(tf.keras.Model):
    """A model in inference, on variables of its own."""

    def __init__(self, model: Any) -> None:
        originals = _variables(model)
        super().__init__(name=f"{model.name}_copy")
        self.copies = [
            tf.Variable(each.numpy(), trainable=each.trainable, dtype=each.dtype, shape=each.shape)
            for each in originals
        ]
        self.rewired = _Rewired(model, originals, self.copies)
        self.built = True
        self.fe_compiled = True
        self.current_optimizer = None
        self.mixed_precision = model.mixed_precision
        self.model_name = model.model_name

    @property
    def weights(self) -> list[Any]:
        return list(self.copies)

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        """Around Keras, which would cast and name what the traced model casts and names already."""
        return self.rewired(inputs)

    def call(self, inputs: Any) -> Any:
        """One argument: FastEstimator then passes several inputs as one list."""
        return self(inputs)


class _Rewired(Graphs):
    """Graphs of a model that read other variables than they were traced with."""

    def __init__(self, model: Any, originals: Sequence[Any], copies: Sequence[Any]) -> None:
        op = ModelOp(model, inputs="x", trainable=False)
        op.build("tf")  # which finds out how the model wants several inputs

        def infer(inputs: Any) -> Any:
            return feed_forward(model, *(inputs if op.multi_inputs else [inputs]), training=False)

        super().__init__(infer, autograph=True)
        self.copies = list(copies)
        self.handles = {
            id(old.handle): new.handle
            for original, copy in zip(originals, copies, strict=True)
            for old, new in zip(_parts(original), _parts(copy), strict=True)
        }

    def trace(self, args: Any) -> Any:
        with tf.init_scope():  # What is captured are then the variables themselves, not their images in another graph.
            traced: Any = super().trace(args)
        traced.set_external_captures([self.handles.get(id(each), each) for each in traced.captured_inputs])
        traced.set_variables(self.copies)
        return traced


def _parts(variable: Any) -> Sequence[Tensor]:
    """The variables of a mirrored variable, one for each device."""
    return getattr(variable, "values", (variable,))
