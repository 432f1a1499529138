"""The one door to TensorFlow and PyTorch: everything that differs between them lives in this package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fe_saliency.backend.base import Backend, Tensor, Way

__all__ = ["Backend", "Tensor", "Way", "by_name", "of_model", "to_numpy", "to_tensors"]

_INSTANCES: dict[str, Backend] = {}


def by_name(name: str) -> Backend:
    """The backend called `name`, as FastEstimator names it: "tf" or "torch".

    Raises:
        ValueError: `name` is neither.
    """
    if name not in _INSTANCES:
        if name == "tf":
            from fe_saliency.backend.tensorflow import TensorFlowBackend

            _INSTANCES[name] = TensorFlowBackend()
        elif name == "torch":
            from fe_saliency.backend.pytorch import PyTorchBackend

            _INSTANCES[name] = PyTorchBackend()
        else:
            raise ValueError(f"`name` (={name!r}) must be 'tf' or 'torch'.")
    return _INSTANCES[name]


def of_model(model: Any) -> Backend:
    """The backend that `model` belongs to.

    Raises:
        ValueError: `model` was not compiled by `fe.build`, or belongs to neither framework.
    """
    if not getattr(model, "fe_compiled", False):
        raise ValueError(
            f"`model` (a {type(model).__name__}) must have been compiled by FastEstimator: "
            "pass what `fe.build(model_fn=..., optimizer_fn=...)` returns."
        )
    for name in ("tf", "torch"):
        if by_name(name).owns(model):
            return by_name(name)
    raise ValueError(f"`model` (a {type(model).__name__}) must be a tf.keras.Model or a torch.nn.Module.")


def to_numpy(value: Any) -> np.ndarray:
    """`value` (a tensor of either framework, an array, a list or a number) as a NumPy array on the host."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):  # torch, wherever the tensor lives
        return by_name("torch").numpy(value)
    if hasattr(value, "numpy"):  # an eager TensorFlow tensor
        return by_name("tf").numpy(value)
    return np.asarray(value)


def to_tensors(batch: Mapping[str, Any], backend: Backend) -> dict[str, Any]:
    """A new dict in which arrays of numbers, and tensors of the other framework, are tensors of `backend`."""
    return {key: _converted(value, backend) for key, value in batch.items()}


def _converted(value: Any, backend: Backend) -> Any:
    foreign = isinstance(value, np.ndarray) or (hasattr(value, "shape") and hasattr(value, "numpy"))
    if not foreign or backend.is_tensor(value):
        return value
    array = to_numpy(value)
    return backend.tensor(array) if array.dtype.kind in "fiub" else value
