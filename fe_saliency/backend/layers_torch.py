"""PyTorch behind the interface of `backend.layers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch

from fe_saliency.backend.base import Tensor


class PyTorchLayers:
    def single(self, model: Any) -> Any:
        return model.module if isinstance(model, torch.nn.DataParallel) else model

    def named(self, model: Any) -> list[tuple[str, Any]]:
        return [(name or type(module).__name__, module) for name, module in self.single(model).named_modules()]

    @contextmanager
    def changed(self, layers: Sequence[Any], change: Callable[[int, Any], Any]) -> Iterator[None]:
        with ExitStack() as hooks:
            for place, layer in enumerate(layers):
                hooks.callback(layer.register_forward_hook(partial(_hook, place, change)).remove)
            yield

    def leaf(self, output: Tensor, tape: Any) -> tuple[Tensor, Tensor]:
        # What stands before the layer need not be differentiated. A copy goes on: the next layer may work in place.
        leaf = output.detach().requires_grad_(torch.is_grad_enabled())
        return leaf, leaf.clone()

    def stand_in(self, tensor: Tensor, output: Tensor) -> Tensor:
        return tensor.to(output.dtype, copy=True)


def _hook(place: int, change: Callable[[int, Any], Any], module: Any, inputs: Any, output: Any) -> Any:
    return change(place, output)
