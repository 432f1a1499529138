"""Folds batch norms into the convolutions before them for a while: fewer passes over memory, the same function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torch.utils._python_dispatch import TorchDispatchMode

_CONVOLUTIONS = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
#: By the axes of what they take; of these very classes, as others may do more than to normalise.
_NORMS = {3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d, 5: torch.nn.BatchNorm3d}
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


def foldable(model: torch.nn.Module) -> bool:
    """Whether to look for norms to fold; compiled models are left alone, as they would be compiled anew."""
    layers = list(model.modules())
    return any(type(layer) in _NORMS.values() for layer in layers) and not any(map(_compiled, layers))


@contextmanager
def folded(model: torch.nn.Module, first: Callable[[], object]) -> Iterator[None]:
    """Run a model with batch norms folded while the block runs; it is as it was after.

    A norm is folded if it stands still (in evaluation, with running statistics), if it alone reads what a layer gives
    that convolves with weights of its own, which nothing else reads, and if neither has a hook. This is seen in one
    forward pass: weights that change in the block, or a flow that depends on the numbers of a row, go unnoticed.

    Args:
        model: The model.
        first: Runs it on few rows, as what is convolved is kept, and reads of its outputs what will be read.
    """
    with ExitStack() as changed:
        if foldable(model):
            with _biased(model), _Watch(model) as watch:
                first()
            for layer, norm in watch.pairs():
                changed.enter_context(_replaced(layer._parameters, _fused(layer, norm)))
                changed.enter_context(_replaced(vars(norm), {"forward": _unchanged}))
        yield


@contextmanager
def _biased(model: torch.nn.Module) -> Iterator[None]:
    """Give convolutions without a bias one of zeros, which shows whether they would use one."""
    with ExitStack() as stack:
        for layer in model.modules():
            own = layer._parameters  # An attribute may be computed, and draw or count something for it.
            weight = own.get("weight")
            if isinstance(layer, _CONVOLUTIONS) and weight is not None and own.get("bias", weight) is None:
                zeros = torch.nn.Parameter(weight.new_zeros(len(weight)), requires_grad=False)
                stack.enter_context(_replaced(own, {"bias": zeros}))
        yield


@dataclass
class _Convolved:
    """What a layer with weights of its `own` gave, and the layer that read it last."""

    outputs: torch.Tensor
    layer: Any
    own: list[Any]
    reader: Any = None


class _Watch(TorchDispatchMode):
    """Sees how often tensors are read in a forward pass of a model, and which of its layers convolve and read that.

    It stands below autograd, TorchScript and `torch.func`, where all that is computed comes by.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._model = model
        self._layers = set(model.modules())  # Other threads may run others.
        self._within: list[Any] = [None]
        self._reads: Counter[int] = Counter()
        self._convolved: dict[int, _Convolved] = {}  # by the addresses of the outputs

    def __enter__(self) -> _Watch:
        self._hooks = [register_module_forward_pre_hook(self._enter), register_module_forward_hook(self._leave)]
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: Any) -> None:
        for hook in self._hooks:
            hook.remove()
        super().__exit__(*raised)  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._read((args, kwargs))
        outputs = func(*args, **(kwargs or {}))
        layer = self._within[-1]
        if func is torch.ops.aten.convolution.default and layer is not None and not args[6]:  # transposed
            own = [layer._parameters.get(name) for name in ("weight", "bias")]
            if own[1] is not None and own[0] is args[1] and own[1] is args[2]:
                self._reads[id(outputs)] = 0  # A tensor that is gone may have had its address.
                self._convolved[id(outputs)] = _Convolved(outputs, layer, own)
        return outputs

    def pairs(self) -> Iterator[tuple[Any, Any]]:
        """Each layer that convolves, with the norm that can be folded into it."""
        for each in self._convolved.values():
            norm = each.reader
            if type(norm) is _NORMS.get(each.outputs.ndim) and _still(each.layer, norm):
                once = each.outputs, *each.own, norm.running_mean
                if all(self._reads[id(tensor)] == 1 for tensor in once):
                    yield each.layer, norm

    def _read(self, values: Any) -> None:
        """Note that the layer that runs, or what is around them all, reads the numbers of these values."""
        for tensor in _tensors(values):
            self._reads[id(tensor)] += 1
            if id(tensor) in self._convolved:
                self._convolved[id(tensor)].reader = self._within[-1]

    def _enter(self, layer: torch.nn.Module, _: Any) -> None:
        if layer in self._layers:
            self._within.append(layer)

    def _leave(self, layer: torch.nn.Module, _: Any, outputs: Any) -> None:
        if layer in self._layers:
            self._within.pop()
        if layer is self._model:
            self._read(outputs)


def _still(layer: Any, norm: Any) -> bool:
    """Whether a norm is the same for all rows, and one that may be passed over."""
    return (
        not norm.training
        and norm.running_mean is not None
        and norm.running_mean.dtype == layer.weight.dtype
        and norm.running_mean.dtype.itemsize >= 4  # Products of halves would be rounded.
        and not any(getattr(each, hooks) for each in (layer, norm) for hooks in _HOOKS)
        and "forward" not in vars(norm)
    )


def _fused(layer: Any, norm: Any) -> dict[str, torch.Tensor]:
    own, statistics = (layer.weight, layer.bias), (norm.running_mean, norm.running_var, norm.eps)
    weight, bias = fuse_conv_bn_weights(*own, *statistics, norm.weight, norm.bias)
    return {"weight": weight.requires_grad_(False), "bias": bias.requires_grad_(False)}


def _unchanged(input: torch.Tensor) -> torch.Tensor:
    return input


@contextmanager
def _replaced(attributes: MutableMapping[str, Any], others: Mapping[str, Any]) -> Iterator[None]:
    """Other attributes inside."""
    before = {name: attributes[name] for name in others if name in attributes}
    attributes.update(others)
    try:
        yield
    finally:
        for name in others.keys() - before.keys():
            del attributes[name]
        attributes.update(before)


def _compiled(layer: Any) -> bool:
    compiled = getattr(layer, "_compiled_call_impl", None) is not None or hasattr(layer, "_orig_mod")
    return compiled or isinstance(layer, torch.jit.ScriptModule)


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    """All tensors in nested sequences and mappings."""
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, (tuple, list, Mapping)):
        for each in values.values() if isinstance(values, Mapping) else values:
            yield from _tensors(each)
