"""TensorFlow behind the interface of `backend.layers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from fe_saliency.backend.base import Tensor


class TensorFlowLayers:
    def single(self, model: Any) -> Any:
        return model

    def named(self, model: Any) -> list[tuple[str, Any]]:
        return [(layer.name, layer) for layer in model._flatten_layers(include_self=False, recursive=True)]

    @contextmanager
    def changed(self, layers: Sequence[Any], change: Callable[[int, Any], Any]) -> Iterator[None]:
        # Keras has no hooks. `vars` goes around its `__setattr__`, which would keep a record of the change.
        before = [vars(layer).get("call") for layer in layers]
        try:
            for place, layer in enumerate(layers):
                vars(layer)["call"] = _calling(layer.call, place, change)
            yield
        finally:
            for layer, call in zip(layers, before, strict=True):
                if call is None:
                    vars(layer).pop("call", None)
                else:
                    vars(layer)["call"] = call

    def leaf(self, output: Tensor, tape: Any) -> tuple[Tensor, Tensor]:
        output = tf.identity(output)
        if tape is not None:
            tape.watch(output)
        return output, output

    def stand_in(self, tensor: Tensor, output: Tensor) -> Tensor:
        return tf.identity(tf.cast(tensor, output.dtype))  # Keras may write a mask on it.


def _calling(call: Callable[..., Any], place: int, change: Callable[[int, Any], Any]) -> Callable[..., Any]:
    def changed(*args: Any, **kwargs: Any) -> Any:
        return change(place, call(*args, **kwargs))

    return changed
