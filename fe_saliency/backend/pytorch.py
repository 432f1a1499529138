"""PyTorch behind the interface of `backend.base`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from fe_saliency.backend.base import Tensor, Way
from fe_saliency.backend.folding_torch import foldable, folded

#: How the CPU, CUDA and its libraries, and Apple's GPUs say it.
_NO_MEMORY = ("allocate memory", "out of memory", "not enough memory", "ALLOC_FAILED", "bad_alloc")


class PyTorchBackend:
    name = "torch"
    channel_axis = 1
    usual_growth = 8

    def owns(self, model: Any) -> bool:
        return isinstance(model, torch.nn.Module)

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor)

    def model_dtype(self, model: Any) -> str:
        for variable in (*model.parameters(), *model.buffers()):
            if variable.is_floating_point():
                return str(variable.dtype).split(".")[-1]
        return str(torch.get_default_dtype()).split(".")[-1]

    def tensor(self, array: np.ndarray, dtype: str | None = None, channels_last: bool = False) -> Tensor:
        images = channels_last and array.ndim == 4
        tensor = torch.from_numpy(np.require(array, requirements=["W"] if images else ["C", "W"]))
        if images:
            tensor = tensor.contiguous(memory_format=torch.channels_last)
        else:  # An axis of length 1 may have any stride in NumPy, by which torch would guess a layout.
            tensor = tensor.flatten().reshape(array.shape)
        return tensor if dtype is None else tensor.to(getattr(torch, dtype))

    def numpy(self, tensor: Tensor) -> np.ndarray:
        tensor = tensor.detach().cpu()
        return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()

    def cast_like(self, tensor: Tensor, like: Tensor) -> Tensor:
        return tensor.to(like)  # the device too

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        return tensor.to(getattr(torch, dtype))

    def at_least_single(self, tensor: Tensor) -> Tensor:
        return tensor.float() if tensor.dtype.itemsize < 4 else tensor

    def int64(self, tensor: Tensor) -> Tensor:
        return tensor.long()

    def rows(self, tensor: Tensor) -> int:
        return tensor.shape[0]

    def shape(self, tensor: Tensor) -> Sequence[int | None]:
        return list(tensor.shape)

    def fold(self, tensor: Tensor) -> Tensor:
        return tensor.reshape(-1, *tensor.shape[2:])

    def reshape(self, tensor: Tensor, sizes: Sequence[int]) -> Tensor:
        return tensor.reshape(-1, *sizes)

    def unfold(self, tensor: Tensor, samples: Any) -> Tensor:
        return tensor.reshape(samples, -1, *tensor.shape[1:])

    def unfold_like(self, tensor: Tensor, like: Tensor) -> Tensor:
        return tensor.reshape(-1, like.shape[0], *tensor.shape[1:])

    def count(self, tensor: Tensor) -> Tensor:
        return tensor.new_full((1,), tensor.shape[0])

    def take(self, tensor: Tensor, rows: Tensor) -> Tensor:
        return tensor[rows]

    def flat(self, tensor: Tensor) -> Tensor:
        return tensor.reshape(-1)

    def stretch(self, tensor: Tensor, like: Tensor) -> Tensor:
        return tensor.reshape(-1, *[1] * (like.ndim - 1))

    def row_min(self, tensor: Tensor) -> Tensor:
        return tensor.amin(dim=tuple(range(1, tensor.ndim)), keepdim=True)

    def row_max(self, tensor: Tensor) -> Tensor:
        return tensor.amax(dim=tuple(range(1, tensor.ndim)), keepdim=True)

    def row_sum(self, tensor: Tensor, lead: int = 1) -> Tensor:
        return tensor.sum(dim=tuple(range(lead, tensor.ndim))) if tensor.ndim > lead else tensor

    def einsum(self, equation: str, *tensors: Tensor) -> Tensor:
        return torch.einsum(equation, *tensors)

    def constant_like(self, array: np.ndarray, like: Tensor) -> Tensor:
        return torch.from_numpy(array).to(like)

    def sum(self, tensor: Tensor, axis: int, keepdims: bool = False) -> Tensor:
        return tensor.sum(dim=axis, keepdim=keepdims)

    def mean(self, tensor: Tensor) -> Tensor:
        return tensor.mean(dim=0)

    def all(self, tensor: Tensor, axis: int, keepdims: bool = False) -> Tensor:
        return tensor.all(dim=axis, keepdim=keepdims)

    def where(self, condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
        return torch.where(condition, yes, no)

    def log(self, tensor: Tensor) -> Tensor:
        return torch.log(tensor.clamp_min(torch.finfo(tensor.dtype).tiny))

    def exp(self, tensor: Tensor) -> Tensor:
        return torch.exp(tensor)

    def abs(self, tensor: Tensor) -> Tensor:
        return torch.abs(tensor)

    def log_softmax(self, tensor: Tensor) -> Tensor:
        return torch.log_softmax(tensor, dim=1)

    def argmax(self, tensor: Tensor) -> Tensor:
        return tensor.argmax(dim=1)

    def order(self, tensor: Tensor) -> Tensor:
        return tensor.argsort(dim=1, descending=True, stable=True)

    def columns(self, tensor: Tensor) -> Tensor:
        return torch.arange(tensor.shape[1], device=tensor.device)

    def pixels(self, tensor: Tensor) -> Tensor:
        return tensor.movedim(1, -1).reshape(-1, tensor.shape[1])

    def pick(self, tensor: Tensor, index: Tensor) -> Tensor:
        return tensor.gather(1, self.repeat(index.long(), tensor).unsqueeze(1)).squeeze(1)

    def repeat(self, tensor: Tensor, like: Tensor) -> Tensor:
        times = like.shape[0] // tensor.shape[0]
        return tensor.repeat(times, *[1] * (tensor.ndim - 1))

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return function

    def program(self, network: Any) -> Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]:
        outputs = list(network.ctx_outputs)

        def step(batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
            done = network.run_step(dict(batch))
            return {key: done[key] for key in outputs}

        return step

    def out_of_memory(self, error: BaseException) -> bool:
        # Only the allocator of CUDA has a class of error for it.
        return isinstance(error, (torch.cuda.OutOfMemoryError, MemoryError)) or (
            isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
        )

    def on_host(self, device: Any) -> bool:
        return device.type == "cpu"

    def zeros_like(self, tensor: Tensor) -> Tensor:
        return torch.zeros_like(tensor)

    def concat(self, tensors: Sequence[Tensor]) -> Tensor:
        some = [tensor for tensor in tensors if tensor.shape[0]] or [tensors[0]]
        return some[0] if len(some) == 1 else torch.cat(some, dim=0)

    def gradient(
        self, scores: Sequence[Tensor], inputs: Sequence[Tensor], tape: Any, retain_graph: bool
    ) -> list[Tensor | None]:
        total = sum(score.sum() for score in scores)
        if not getattr(total, "requires_grad", False):
            return [None] * len(inputs)
        return list(torch.autograd.grad(total, list(inputs), retain_graph=retain_graph, allow_unused=True))

    @contextmanager
    def preserved(self, models: Sequence[Any], device: Any) -> Iterator[None]:
        before = [_Remembered(model) for model in models]
        try:
            for remembered in before:
                if device.type != "cpu":
                    remembered.model.to(device)
                # Only the inputs are differentiated: nothing need be kept for the weights.
                for parameter in remembered.trainable:
                    parameter.requires_grad_(False)
            with torch.inference_mode(False), torch.enable_grad():
                yield
        finally:
            for remembered in before:
                remembered.restore()

    def ways(self, model: Any, images: bool) -> Sequence[str]:
        return [*(["channels_last"] if images else []), *(["folded"] if foldable(model) else [])]

    @contextmanager
    def run_as(self, model: Any, way: Way, first: Callable[[], object]) -> Iterator[None]:
        # Each layer would else turn its kernel first; what is folded keeps the layout that it finds.
        kernels = [each for each in model.parameters() if each.ndim == 4] if way.channels_last else []
        kept = [each.data for each in kernels]
        try:
            for kernel, data in zip(kernels, kept, strict=True):
                kernel.data = data.contiguous(memory_format=torch.channels_last)
            with folded(model, first) if way.folded else nullcontext():
                yield
        finally:
            for kernel, data in zip(kernels, kept, strict=True):
                kernel.data = data


class _Remembered:
    """The state of a model that a forward pass through FE changes."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model
        self.training = [(module, module.training) for module in model.modules()]
        parameters = list(model.parameters())
        self.trainable = [parameter for parameter in parameters if parameter.requires_grad]
        self.device = parameters[0].device if parameters else None
        self.attributes: dict[str, Any] = {
            name: model.__dict__[name] for name in ("current_optimizer", "fe_input_spec") if name in model.__dict__
        }

    def restore(self) -> None:
        for module, training in self.training:
            module.training = training
        for parameter in self.trainable:
            parameter.requires_grad_(True)
        if self.device is not None and self.device != next(self.model.parameters()).device:
            self.model.to(self.device)
        for name in ("current_optimizer", "fe_input_spec"):
            self.model.__dict__.pop(name, None)
        self.model.__dict__.update(self.attributes)
