"""TensorFlow behind the interface of `backend.base`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from fe_saliency.backend.base import Tensor, Way
from fe_saliency.backend.graphs import Graphs


class TensorFlowBackend:
    name = "tf"
    channel_axis = -1
    usual_growth = 16

    def owns(self, model: Any) -> bool:
        return isinstance(model, tf.keras.Model)

    def is_tensor(self, value: Any) -> bool:
        return tf.is_tensor(value)

    def model_dtype(self, model: Any) -> str:
        # Layer by layer, as a list of all variables is long in the making.
        for part in (*model.layers, model):
            for variable in part.weights:
                if variable.dtype.is_floating:
                    return variable.dtype.name
        return tf.keras.backend.floatx()

    def tensor(self, array: np.ndarray, dtype: str | None = None, channels_last: bool = False) -> Tensor:
        tensor = tf.convert_to_tensor(array)
        return tensor if dtype is None else tf.cast(tensor, dtype)

    def numpy(self, tensor: Tensor) -> np.ndarray:
        return np.asarray((tf.cast(tensor, tf.float32) if tensor.dtype == tf.bfloat16 else tensor).numpy())

    def cast_like(self, tensor: Tensor, like: Tensor) -> Tensor:
        return tf.cast(tensor, like.dtype)

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        return tf.cast(tensor, dtype)

    def at_least_single(self, tensor: Tensor) -> Tensor:
        return tf.cast(tensor, tf.float32) if tensor.dtype.size < 4 else tensor

    def int64(self, tensor: Tensor) -> Tensor:
        return tf.cast(tensor, tf.int64)

    def rows(self, tensor: Tensor) -> Any:
        return tensor.shape[0] if tensor.shape[0] is not None else tf.shape(tensor)[0]

    def shape(self, tensor: Tensor) -> Sequence[int | None]:
        return tensor.shape.as_list()

    def fold(self, tensor: Tensor) -> Tensor:
        return tf.reshape(tensor, [-1, *_sizes(tensor, 2)])

    def reshape(self, tensor: Tensor, sizes: Sequence[int]) -> Tensor:
        return tf.reshape(tensor, [-1, *sizes])

    def unfold(self, tensor: Tensor, samples: Any) -> Tensor:
        return tf.reshape(tensor, [samples, -1, *_sizes(tensor, 1)])

    def unfold_like(self, tensor: Tensor, like: Tensor) -> Tensor:
        return tf.reshape(tensor, [-1, self.rows(like), *_sizes(tensor, 1)])

    def count(self, tensor: Tensor) -> Tensor:
        return tf.cast(tf.shape(tensor)[:1], tensor.dtype)

    def take(self, tensor: Tensor, rows: Tensor) -> Tensor:
        return tf.gather(tensor, rows)

    def flat(self, tensor: Tensor) -> Tensor:
        return tf.reshape(tensor, [-1])

    def stretch(self, tensor: Tensor, like: Tensor) -> Tensor:
        return tf.reshape(tensor, [-1] + [1] * (like.shape.rank - 1))

    def row_min(self, tensor: Tensor) -> Tensor:
        return tf.reduce_min(tensor, axis=list(range(1, tensor.shape.rank)), keepdims=True)

    def row_max(self, tensor: Tensor) -> Tensor:
        return tf.reduce_max(tensor, axis=list(range(1, tensor.shape.rank)), keepdims=True)

    def row_sum(self, tensor: Tensor, lead: int = 1) -> Tensor:
        return tf.reduce_sum(tensor, axis=list(range(lead, tensor.shape.rank)))

    def einsum(self, equation: str, *tensors: Tensor) -> Tensor:
        return tf.einsum(equation, *tensors)

    def constant_like(self, array: np.ndarray, like: Tensor) -> Tensor:
        return tf.constant(array, like.dtype)

    def sum(self, tensor: Tensor, axis: int, keepdims: bool = False) -> Tensor:
        return tf.reduce_sum(tensor, axis=axis, keepdims=keepdims)

    def mean(self, tensor: Tensor) -> Tensor:
        return tf.reduce_mean(tensor, axis=0)

    def all(self, tensor: Tensor, axis: int, keepdims: bool = False) -> Tensor:
        return tf.reduce_all(tensor, axis=axis, keepdims=keepdims)

    def where(self, condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
        return tf.where(condition, yes, no)

    def log(self, tensor: Tensor) -> Tensor:
        return tf.math.log(tf.maximum(tensor, np.finfo(tensor.dtype.as_numpy_dtype).tiny))

    def exp(self, tensor: Tensor) -> Tensor:
        return tf.exp(tensor)

    def abs(self, tensor: Tensor) -> Tensor:
        return tf.abs(tensor)

    def log_softmax(self, tensor: Tensor) -> Tensor:
        return tf.nn.log_softmax(tensor)

    def argmax(self, tensor: Tensor) -> Tensor:
        return tf.argmax(tensor, axis=1)

    def order(self, tensor: Tensor) -> Tensor:
        return tf.cast(tf.argsort(tensor, axis=1, direction="DESCENDING", stable=True), tf.int64)

    def columns(self, tensor: Tensor) -> Tensor:
        return tf.range(tf.shape(tensor, tf.int64)[1])

    def pixels(self, tensor: Tensor) -> Tensor:
        return tf.reshape(tensor, [-1, tensor.shape[-1]])

    def pick(self, tensor: Tensor, index: Tensor) -> Tensor:
        return tf.gather(tensor, self.repeat(tf.cast(index, tf.int64), tensor), axis=1, batch_dims=1)

    def repeat(self, tensor: Tensor, like: Tensor) -> Tensor:
        times = self.rows(like) // self.rows(tensor)
        return tf.tile(tensor, [times] + [1] * (tensor.shape.rank - 1))

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return Graphs(function, autograph=False)

    def program(self, network: Any) -> Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]:
        # FE's own graph is shared by all Networks and knows each shape apart. A model's own code may need autograph.
        state, ops, outputs = dict(network.ctx_state), network.ctx_ops, list(network.ctx_outputs)
        inputs = set(network.ctx_gpu_inputs)

        def step(batch: dict[str, Tensor]) -> dict[str, Tensor]:
            return network._forward_step_eager(batch, dict(state), ops, outputs)

        graph = Graphs(step, autograph=True)
        return lambda batch: graph({key: tensor for key, tensor in batch.items() if key in inputs})

    def out_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, (tf.errors.ResourceExhaustedError, MemoryError))

    def on_host(self, device: Any) -> bool:
        return not tf.config.get_visible_devices("GPU")

    def zeros_like(self, tensor: Tensor) -> Tensor:
        return tf.zeros_like(tensor)

    def concat(self, tensors: Sequence[Tensor]) -> Tensor:
        return tf.concat(list(tensors), axis=0)

    def gradient(
        self, scores: Sequence[Tensor], inputs: Sequence[Tensor], tape: Any, retain_graph: bool
    ) -> list[Tensor | None]:
        with tape.stop_recording():
            return list(tape.gradient(list(scores), list(inputs)))

    @contextmanager
    def preserved(self, models: Sequence[Any], device: Any) -> Iterator[None]:
        # TF reads `training` from the call, and gradients name their sources: only FE's optimizer pointer can move.
        optimizers = [getattr(model, "current_optimizer", None) for model in models]
        # Each method has a Network that is traced once or twice; TF takes them all for one function traced too often.
        logger = tf.get_logger()
        logger.addFilter(_is_no_retracing_advice)
        try:
            yield
        finally:
            logger.removeFilter(_is_no_retracing_advice)
            for model, optimizer in zip(models, optimizers, strict=True):
                if getattr(model, "current_optimizer", None) is not optimizer:
                    model.current_optimizer = optimizer

    def ways(self, model: Any, images: bool) -> Sequence[str]:
        return []

    def run_as(self, model: Any, way: Way, first: Callable[[], object]) -> AbstractContextManager[None]:
        return nullcontext()


def _is_no_retracing_advice(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in record.getMessage()


def _sizes(tensor: Tensor, start: int) -> list[Any]:
    """The sizes of the axes from `start` on, static where they are known (a Dense layer wants them so)."""
    return [
        size if size is not None else tf.shape(tensor)[axis]
        for axis, size in enumerate(tensor.shape.as_list())
        if axis >= start
    ]
