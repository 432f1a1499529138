"""Where a method attributes: at the model's inputs, at what a layer gives, or at the inputs by way of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fastestimator.op.tensorop.model.model import ModelOp
from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency.op import LayerOp, RepeatLike, Resize, Watch

Keys = list[str]
#: What a layer gives, and something of the shape of the map.
ACTIVATION, LIKE = "SaliencyNet_Layer_activation", "SaliencyNet_Layer_map"


@dataclass(frozen=True)
class Site:
    """At the model's inputs.

    Args:
        model: The model.
        inputs: The keys of its inputs.
        channel_axis: Where the channels of the clean rows that brackets take samples of are: 1 or -1.
    """

    model: Any = field(compare=False, repr=False)
    inputs: tuple[str, ...]
    channel_axis: int

    @property
    def explained(self) -> tuple[str, ...]:
        """The keys of the clean rows that brackets take samples of."""
        return self.inputs

    @property
    def called(self) -> tuple[str, ...]:
        """What a user calls them."""
        return self.explained

    @property
    def maps(self) -> tuple[str, ...]:
        """What the maps are called."""
        return self.called

    @property
    def likes(self) -> tuple[str, ...]:
        """For each map the key of clean rows of its shape."""
        return self.explained

    def run(self, points: Keys, outputs: Keys) -> list[TensorOp]:
        """The ops that run the model at the points."""
        return [model_op(self.model, points, outputs)]

    def watched(self, points: Keys, outputs: Keys) -> tuple[list[TensorOp], Keys]:
        """The ops that run the model, and the keys that scores can be differentiated for afterwards."""
        return [Watch(inputs=points), *self.run(points, outputs)], points

    def mapped(self, found: Keys) -> tuple[list[TensorOp], Keys]:
        """The ops that make maps of what a core attributes, and their keys."""
        return [], found


@dataclass(frozen=True)
class Inside(Site):
    """At what a layer gives for the clean inputs, as if that were the model's input.

    Args:
        layer: The index of the layer.
        name: Its name.
    """

    layer: int
    name: str

    @property
    def explained(self) -> tuple[str, ...]:
        return (ACTIVATION,)

    @property
    def called(self) -> tuple[str, ...]:
        return (self.name,)

    def run(self, points: Keys, outputs: Keys) -> list[TensorOp]:
        repeated = [f"{points[0]}_{key}" for key in self.inputs]
        ops: list[TensorOp] = [
            RepeatLike(inputs=[key, points[0]], outputs=[copy]) for key, copy in zip(self.inputs, repeated, strict=True)
        ]
        return [*ops, LayerOp(self.model, self.layer, [*repeated, points[0]], outputs, replace=True)]

    def capture(self, outputs: Sequence[str]) -> list[TensorOp]:
        """The ops that run the model and take what the layer gives."""
        return [LayerOp(self.model, self.layer, self.inputs, [*outputs, ACTIVATION])]


@dataclass(frozen=True)
class Through(Site):
    """At the inputs, by what a layer makes of them.

    Args:
        layer: The index of the layer.
        image: The key of the input that the map is laid over.
    """

    layer: int
    image: str

    @property
    def maps(self) -> tuple[str, ...]:
        return (self.image,)

    @property
    def likes(self) -> tuple[str, ...]:
        return (LIKE,)

    def watched(self, points: Keys, outputs: Keys) -> tuple[list[TensorOp], Keys]:
        return [LayerOp(self.model, self.layer, points, [*outputs, ACTIVATION])], [ACTIVATION]

    def mapped(self, found: Keys) -> tuple[list[TensorOp], Keys]:
        resized = [f"{key}_resized" for key in found]
        return [Resize([*found, LIKE], resized, self.channel_axis)], resized


def model_op(model: Any, inputs: Sequence[str], outputs: Sequence[str]) -> ModelOp:
    """The op that runs `model`."""
    # FE hands a model one tensor for a string and a list for a list, also for a list of one.
    plain = [keys[0] if len(keys) == 1 else list(keys) for keys in (inputs, outputs)]
    return ModelOp(model=model, inputs=plain[0], outputs=plain[1], trainable=False)
