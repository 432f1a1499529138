"""Running a model with an eye, or a hand, on one of its layers."""

from __future__ import annotations

from typing import Any

from fastestimator.op.tensorop.model.model import ModelOp
from fastestimator.util.base_util import to_list
from fastestimator.util.traceability_util import traceable

from fe_saliency.backend import Tensor
from fe_saliency.backend.layers import find, layers_of
from fe_saliency.op.base import Keys, SaliencyOp


class _Running(SaliencyOp):
    """What runs a model and changes what layers give: FE's own ModelOp would leave its marks on them for good."""

    def __init__(self, model: Any, inputs: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        self.model = model
        self.layers = layers_of(model)

    def get_fe_models(self) -> set[Any]:
        return {self.model}

    def build(self, framework: str, device: Any = None) -> None:
        super().build(framework, device)
        self.run = ModelOp(self.model, inputs=self.fed, trainable=False)
        self.run.build(framework, device)
        self.run.model = self.layers.single(self.model)

    @property
    def fed(self) -> list[str]:
        """The keys of the model's inputs."""
        return self.inputs

    def passed(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        """The model's outputs."""
        # FE wants a tensor where the model wants one argument.
        return to_list(self.run.forward(data if len(data) > 1 or self.run.multi_inputs else data[0], state))


@traceable()
class LayerOp(_Running):
    """Run a model and take what one of its layers gives, or put something else in its place.

    FastEstimator's `ModelOp(intermediate_layers=...)` takes it too, but changes the model for good and puts nothing.
    After this op the model is as it was, whatever happened.

    Args:
        model: A model compiled by `fe.build`.
        layer: The layer's name or index, as `ModelOp` takes it.
        inputs: Key(s) of the model's inputs (rows, ...); with `replace` then a key of what takes the place of what the
            layer gives, of the same shape.
        outputs: Key(s) for the model's outputs; without `replace` then a key for what the layer gives, (rows, ...).
            Scores can be differentiated for it, but not for what stands before the layer.
        replace: Whether to put, not to take.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: No such layer, or several; when it runs: a layer that does not run exactly once in a forward pass,
            or does not give one tensor.
    """

    def __init__(
        self,
        model: Any,
        layer: str | int,
        inputs: Keys,
        outputs: Keys,
        replace: bool = False,
        mode: Keys = None,
        ds_id: Keys = None,
    ) -> None:
        super().__init__(model, inputs, outputs, mode, ds_id)
        self.replace = replace
        place, self.name = find(model, layer)
        self.layer = self.layers.named(model)[place][1]

    @property
    def fed(self) -> list[str]:
        return self.inputs[:-1] if self.replace else self.inputs

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        given, put = (data[:-1], data[-1]) if self.replace else (data, None)
        seen: list[Any] = []

        def change(place: int, output: Any) -> Any:
            seen.append(output)
            if not self.backend.is_tensor(output):
                return output
            if put is not None:
                return self.layers.stand_in(put, output)
            seen[-1], output = self.layers.leaf(output, state["tape"])
            return output

        with self.layers.changed([self.layer], change):
            outputs = self.passed(given, state)
        if len(seen) != 1:
            raise ValueError(
                f"`layer` (={self.name!r}) must run once in a forward pass of the model, but runs {len(seen)} times: "
                "choose one that is used once, or a block around it."
            )
        if not self.backend.is_tensor(seen[0]):
            raise ValueError(
                f"`layer` (={self.name!r}) must give one tensor, but gives a {type(seen[0]).__name__}: choose another."
            )
        return outputs if self.replace else [*outputs, seen[0]]


@traceable()
class ObserveOp(_Running):
    """Run a model and note the shapes that its layers give, in the order in which they end.

    Args:
        model: A model compiled by `fe.build`.
        inputs: Key(s) of the model's inputs, (rows, ...).
        outputs: Key(s) for the model's outputs.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.
    """

    def __init__(self, model: Any, inputs: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(model, inputs, outputs, mode, ds_id)
        #: (index of the layer, shape), None where a static graph does not know a size.
        self.seen: list[tuple[int, tuple[int | None, ...]]] = []

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        def change(place: int, output: Any) -> Any:
            if self.backend.is_tensor(output):
                self.seen.append((place, tuple(self.backend.shape(output))))
            return output

        with self.layers.changed([layer for _, layer in self.layers.named(self.model)], change):
            return self.passed(data, state)
