"""From what a call says of layers to the site of its method, and to the rows that are explained there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from fastestimator.network import Network

from fe_saliency.backend import Backend
from fe_saliency.backend.layers import embedding, find, is_embedding
from fe_saliency.call import Call
from fe_saliency.compose import Composition, levels
from fe_saliency.method import Baseline, Given, Method, OfInputs
from fe_saliency.op import ObserveOp
from fe_saliency.session import Session
from fe_saliency.site import ACTIVATION, Inside, Site, Through

_OBSERVE = "observe"
Rows = Mapping[str, np.ndarray]


class Sites:
    """Finds the sites of one model, and remembers what it had to run the model for.

    Args:
        model: A model compiled by `fe.build`.
        inputs: The keys of its inputs.
        outputs: The keys of its outputs.
        backend: Its framework, whose own layout is that of its layers.
        channel_axis: Where the channels of its inputs are: 1 or -1.
    """

    def __init__(
        self, model: Any, inputs: Sequence[str], outputs: Sequence[str], backend: Backend, channel_axis: int
    ) -> None:
        self.model = model
        self.inputs = tuple(inputs)
        self.outputs = list(outputs)
        self.backend = backend
        self.channel_axis = channel_axis
        #: A layer that turns indices into vectors.
        self.embedding = embedding(model)
        self._last: dict[tuple[Any, ...], int] = {}

    def of(self, method: Method, layer: None | str | int, rows: Rows, dtype: str) -> Site:
        """Where `method` attributes.

        Args:
            method: The method.
            layer: The name or index of a layer; None for the inputs, and for the last layer that gives a picture if
                the method wants one.
            rows: The clean rows of each model input, (B, ...).
            dtype: The model's dtype.

        Raises:
            ValueError: No such layer; no input that a map can be laid over; indices that are to be differentiated.
        """
        if layer is not None and not method.core.at_layer:
            place, name = find(self.model, layer)
            return Inside(self.model, self.inputs, self._layer_axis(place, rows), place, name)
        if not method.core.at_layer:
            return Site(self.model, self.inputs, self.channel_axis)
        images = [key for key, array in rows.items() if array.ndim > 2 and array.dtype.kind == "f"]
        if not images:
            shapes = {key: array.shape for key, array in rows.items()}
            raise ValueError(
                f"`method` (={method.name!r}) needs an input with axes of space, such as (B, H, W, C), to lay its map "
                f"over; the model inputs are {shapes}."
            )
        place = self._last_picture(rows, images[0], dtype) if layer is None else find(self.model, layer)[0]
        return Through(self.model, self.inputs, self.channel_axis, place, images[0])

    def check(self, site: Site, method: Method, rows: Rows) -> None:
        """Raise ValueError if indices would have to be differentiated, or moved about."""
        indices = [key for key in site.explained if key in rows and rows[key].dtype.kind in "iu"]
        if indices and (method.brackets or not method.core.at_layer):
            raise ValueError(
                f"`batch[{indices[0]!r}]` (of {rows[indices[0]].dtype}) holds indices, for the model has an embedding: "
                f"they have no gradient and take no noise. Explain what is made of them: layer={self.embedding!r}."
            )

    def _layer_axis(self, place: int, rows: Rows) -> int:
        """Where the channels are of what a layer gives: last in both frameworks for an embedding.

        They are taken to be so for all layers of a model of nothing but indices.
        """
        sequences = is_embedding(self.model, place) or all(array.dtype.kind in "iu" for array in rows.values())
        return -1 if sequences else self.backend.channel_axis

    def _last_picture(self, rows: Rows, image: str, dtype: str) -> int:
        """The last layer that runs once and gives as many axes as the image has, with more than one pixel."""
        shapes = tuple(array.shape[1:] for array in rows.values())
        if shapes not in self._last:
            axes, channel = rows[image].ndim, self.backend.channel_axis % rows[image].ndim
            seen = self._observed(rows, dtype)
            times = Counter(place for place, _ in seen)
            pictures = [
                place
                for place, shape in seen
                if times[place] == 1
                and len(shape) == axes
                and prod(size or 2 for axis, size in enumerate(shape) if axis not in (0, channel)) > 1
            ]
            if not pictures:
                raise ValueError(
                    f"`layer` (=None) must name a layer: none of the model gives {axes} axes, as the input {image!r} "
                    "has, and more than one pixel."
                )
            self._last[shapes] = pictures[-1]
        return self._last[shapes]

    def _observed(self, rows: Rows, dtype: str) -> list[tuple[int, tuple[int | None, ...]]]:
        op = ObserveOp(self.model, list(self.inputs), self.outputs)
        session = Session(Network(ops=[op]), {_OBSERVE: self.outputs}, self.backend)
        first = {
            key: self.backend.tensor(array[:1], dtype if array.dtype.kind == "f" else None)
            for key, array in rows.items()
        }
        with session.entered() as run:
            run(_OBSERVE, first)
        return op.seen


def inside(
    composition: Composition,
    call: Call,
    rows: Rows,
    baseline: Baseline,
    prepared: Callable[[Baseline, str, np.ndarray], Baseline],
    captured: Callable[[Rows], np.ndarray],
) -> tuple[Composition, Rows]:
    """A composition and its rows once it is known what the layer that is explained gives.

    Args:
        composition: Of a site inside the model.
        call: The call.
        rows: The clean rows of each model input, (B, ...).
        baseline: Where its paths begin.
        prepared: `Baseline.prepared` for a name and its clean rows.
        captured: What the layer gives for such rows.

    Raises:
        ValueError: The baseline does not fit what the layer gives.
    """
    clean, (name,) = captured(rows), composition.site.called
    if isinstance(baseline, OfInputs):
        baseline = Given(captured(baseline.rows(rows)))
    baselines = (prepared(baseline, name, clean),)
    places = levels(call.method, composition.site, composition.site.explained, baselines, call.tolerance is not None)
    return replace(composition, levels=places), {**rows, ACTIVATION: clean}
