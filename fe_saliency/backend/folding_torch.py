"""Folds batch norms into the convolutions before them for a while: fewer passes over memory, the same function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import batch_norm
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torch.overrides import TorchFunctionMode

_CONVOLUTIONS = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
#: The norm after each kind of convolution: of this very class, as another may do more than to normalise.
_NORMS: Mapping[Any, Any] = {
    torch.conv1d: torch.nn.BatchNorm1d,
    torch.conv2d: torch.nn.BatchNorm2d,
    torch.conv3d: torch.nn.BatchNorm3d,
}
#: What asks for the form of a tensor, and reads none of its numbers.
_FORMS = {
    torch.Tensor.size,
    torch.Tensor.dim,
    *(getattr(torch.Tensor, name).__get__ for name in ("shape", "ndim", "dtype", "device", "requires_grad")),
}
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


def foldable(model: torch.nn.Module) -> bool:
    """Whether to look for norms to fold; compiled models are left alone, as they would be compiled anew."""
    layers = list(model.modules())
    return any(type(layer) in _NORMS.values() for layer in layers) and not any(map(_compiled, layers))


@contextmanager
def folded(model: torch.nn.Module) -> Iterator[None]:
    """Batch norms folded inside, after a first forward pass, by which is seen what can be; the same model after.

    A norm is folded if it stands still (in evaluation, with running statistics), if it alone reads what a layer gives
    that convolves with weights of its own, which nothing else reads, and if neither has a hook. Let the first pass be
    one of one row, as what is convolved in it is kept. Weights that change later go unnoticed.
    """
    forward = model.forward
    with ExitStack() as changed, ExitStack() as watched:

        def first(*args: Any, **kwargs: Any) -> Any:
            with _Watch(model) as watch:
                outputs = forward(*args, **kwargs)
                watch.read(outputs)
            watched.close()
            for layer, norm in watch.pairs():
                changed.enter_context(_replaced(layer._parameters, _fused(layer, norm)))
                changed.enter_context(_replaced(vars(norm), {"forward": _unchanged}))
            return outputs

        watched.enter_context(_replaced(vars(model), {"forward": first}))
        for layer in model.modules():
            if isinstance(layer, _CONVOLUTIONS) and layer.bias is None:  # Whether it would use one is seen by zeros.
                zeros = torch.nn.Parameter(layer.weight.new_zeros(layer.out_channels), requires_grad=False)
                watched.enter_context(_replaced(layer._parameters, {"bias": zeros}))
        yield


@dataclass
class _Convolved:
    """What a layer with weights of its `own` gave, and the norm that read it."""

    outputs: torch.Tensor
    layer: Any
    own: list[Any]
    kind: Any
    norm: Any = None


class _Watch(TorchFunctionMode):
    """Sees how often tensors are read in a forward pass of a model, and which of its layers convolve and normalise."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
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

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func not in _FORMS:
            self.read((args, kwargs))
        outputs = func(*args, **kwargs)
        layer = self._within[-1]
        if func is batch_norm and id(args[0]) in self._convolved:
            self._convolved[id(args[0])].norm = layer
        elif func in _NORMS and layer is not None:
            named = dict(zip(("input", "weight", "bias"), args, strict=False)) | kwargs
            own = [layer._parameters.get(name) for name in ("weight", "bias")]
            if own[1] is not None and own[0] is named["weight"] and own[1] is named.get("bias"):
                self._reads[id(outputs)] = 0  # A tensor that is gone may have had its address.
                self._convolved[id(outputs)] = _Convolved(outputs, layer, own, _NORMS[func])
        return outputs

    def read(self, values: Any) -> None:
        """Note that something reads the numbers of these values."""
        self._reads.update(map(id, _tensors(values)))

    def pairs(self) -> Iterator[tuple[Any, Any]]:
        """Each layer that convolves, with the norm that can be folded into it."""
        for each in self._convolved.values():
            if type(each.norm) is each.kind and _still(each.layer, each.norm):
                once = each.outputs, *each.own, each.norm.running_mean
                if all(self._reads[id(tensor)] == 1 for tensor in once):
                    yield each.layer, each.norm

    def _enter(self, layer: torch.nn.Module, _: Any) -> None:
        if layer in self._layers:
            self._within.append(layer)

    def _leave(self, layer: torch.nn.Module, _: Any, outputs: Any) -> None:
        if layer in self._layers:
            self._within.pop()


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
