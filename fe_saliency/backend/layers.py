"""The layers of a model: finding one, and reading or replacing what it gives; one interface for both frameworks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from difflib import get_close_matches
from typing import Any, Protocol

from fe_saliency.backend import of_model
from fe_saliency.backend.base import Tensor


class Layers(Protocol):
    """Looks into models and never changes one for longer than a forward pass; instances hold no state."""

    def single(self, model: Any) -> Any:
        """`model` as it runs on one device."""

    def named(self, model: Any) -> list[tuple[str, Any]]:
        """All layers by name, in the order of FastEstimator's `intermediate_layers`."""

    def changed(self, layers: Sequence[Any], change: Callable[[int, Any], Any]) -> AbstractContextManager[None]:
        """Inside, `change(place in layers, output)` takes the place of what each layer gives; untouched after."""

    def leaf(self, output: Tensor, tape: Any) -> tuple[Tensor, Tensor]:
        """A layer's output as a tensor that scores can be differentiated for, and what goes on through the model."""

    def stand_in(self, tensor: Tensor, output: Tensor) -> Tensor:
        """What goes on through the model if `tensor` takes the place of a layer's `output`."""


def layers_of(model: Any) -> Layers:
    """What looks into `model`.

    Raises:
        ValueError: `model` was not compiled by `fe.build`.
    """
    if of_model(model).name == "tf":
        from fe_saliency.backend.layers_tf import TensorFlowLayers

        return TensorFlowLayers()
    from fe_saliency.backend.layers_torch import PyTorchLayers

    return PyTorchLayers()


def find(model: Any, layer: str | int) -> tuple[int, str]:
    """The index and the name of a layer.

    Args:
        model: A model compiled by `fe.build`.
        layer: Its name, or its index, as FastEstimator's `ModelOp(intermediate_layers=...)` takes them.

    Raises:
        ValueError: There is no such layer, or several of this name.
    """
    names = [name for name, _ in layers_of(model).named(model)]
    if not isinstance(layer, str):
        if not -len(names) <= layer < len(names):
            raise ValueError(f"`layer` (={layer}) must be below {len(names)}, the number of layers of the model.")
        return layer % len(names), names[layer]
    places = [place for place, name in enumerate(names) if name == layer]
    if len(places) > 1:
        raise ValueError(f"`layer` (={layer!r}) is the name of several layers: give the index of one, of {places}.")
    if not places:
        near = get_close_matches(layer, names, 5, 0.3) or names[-5:]
        raise ValueError(
            f"`layer` (={layer!r}) must be the name or index of a layer of the model, such as "
            f"{', '.join(map(repr, near))}."
        )
    return places[0], layer


def embedding(model: Any) -> str | None:
    """The name of the first layer that turns indices into vectors, None if there is none."""
    return next((name for name, layer in layers_of(model).named(model) if _embeds(layer)), None)


def is_embedding(model: Any, place: int) -> bool:
    """Whether the layer of this index turns indices into vectors."""
    return _embeds(layers_of(model).named(model)[place][1])


def _embeds(layer: Any) -> bool:
    """Told by the name of its class, as some libraries write layers of their own."""
    return "Embedding" in type(layer).__name__
