"""PyTorch behind the interface of `backend.weights`."""

from __future__ import annotations

import copy as copying
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from fe_saliency.backend.weights import Factor, channels_last, parameters_of, put_back

#: What FastEstimator's account of where a model comes from consists of; it knows the model by its address.
_TRACED = ("_fe_traceability_summary", "fe_summary")
#: An optimizer holds the model's own parameters, and numbers twice as many.
_LEFT_OUT = ("optimizer", "current_optimizer", *_TRACED)


#: Their weights are (in, out) in both frameworks.
_EMBEDDINGS = (torch.nn.Embedding, torch.nn.EmbeddingBag)


class PyTorchWeights:
    def read(self, model: Any) -> list[np.ndarray]:
        return [_host(tensor) for tensor in _tensors(model)]

    def layers(self, model: Any) -> list[tuple[str, list[int]]]:
        places = {id(tensor): place for place, tensor in enumerate(_tensors(model))}
        found = []
        for name, module in model.named_modules():
            own = [places.pop(id(each)) for each in module.parameters(recurse=False) if id(each) in places]
            if own:
                found.append((name or type(module).__name__, own))
        return found

    def copy(self, model: Any) -> Any:
        memo: dict[int, Any] = {id(getattr(model, name, None)): None for name in _LEFT_OUT}
        for module in model.modules():
            for value in vars(module).values():
                if isinstance(value, torch.Tensor) and not value.is_leaf:  # a weight computed anew by a hook
                    memo[id(value)] = value.detach().clone()
        try:
            with torch.inference_mode(False), torch.no_grad():
                made = copying.deepcopy(model, memo)
        except (TypeError, RuntimeError) as error:
            raise ValueError(
                f"`model` (a {type(model).__name__}) cannot be copied by `copy.deepcopy`: {error} Keep what cannot be "
                "copied outside the model, or give its class a `__deepcopy__`."
            ) from error
        for name in _TRACED:
            vars(made).pop(name, None)
        return made

    @contextmanager
    def multiplied(self, model: Any) -> Iterator[Callable[[Factor], None]]:
        kept: list[tuple[torch.Tensor, torch.Tensor]] = []

        def multiply(factor: Factor) -> None:
            if not kept:
                tensors = _tensors(model)
                own = [tensors[place] for place in parameters_of(self, model)]
                kept.extend((tensor, tensor.data) for tensor in own if tensor.is_floating_point())
            tables = {id(each.weight) for each in model.modules() if isinstance(each, _EMBEDDINGS)}
            for number, (tensor, data) in enumerate(kept):
                axes = list(range(data.ndim)) if id(tensor) in tables else channels_last(data.ndim)
                times = torch.from_numpy(factor(number, data.shape, axes)).to(data.device)
                tensor.data = torch.empty_like(data).copy_(data * times)  # in the layout and dtype of the weight

        def restore(tensor: torch.Tensor, data: torch.Tensor) -> None:
            tensor.data = data

        try:
            yield multiply
        finally:
            put_back(restore, kept)

    def write(self, copy: Any, arrays: Sequence[np.ndarray]) -> None:
        with torch.inference_mode(False), torch.no_grad():
            for tensor, array in zip(_tensors(copy), arrays, strict=True):
                if tuple(tensor.shape) != array.shape:
                    raise ValueError(f"An array of shape {array.shape} is no weight of shape {tuple(tensor.shape)}.")
                tensor.copy_(torch.tensor(array))


def _tensors(model: Any) -> list[torch.Tensor]:
    tensors = [*model.parameters(), *model.buffers()]
    if any(torch.nn.parameter.is_lazy(tensor) for tensor in tensors):
        raise ValueError(
            f"`model` (a {type(model).__name__}) has no weights yet: call it once on a batch, so that its lazy layers "
            "know their shapes."
        )
    return tensors


def _host(tensor: torch.Tensor) -> np.ndarray:
    """A copy; NumPy has no bfloat16, but every one of them is a float32."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy().copy()
