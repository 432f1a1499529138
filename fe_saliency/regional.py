"""Calls whose method attributes to regions: run once for each baseline, averaged, and read region by region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from fe_saliency import segments
from fe_saliency.attribution import Attribution
from fe_saliency.backend import Tensor, to_numpy
from fe_saliency.call import Call
from fe_saliency.engine import Engine
from fe_saliency.method import Regions


def run(engine: Engine, batch: Mapping[str, Any], call: Call) -> Attribution:
    """Attribute every row of `batch`, and if the method has regions, to these.

    Raises:
        ValueError: The batch or the call does not fit the model.
        TypeError: A part of the batch is of the wrong kind.
        ImportError: scikit-image is not installed.
    """
    regions = call.method.regions
    if regions is None:
        return engine.run(batch, call)
    if call.layer is not None and not call.method.core.at_layer:
        raise ValueError(
            f"`layer` (={call.layer!r}) must be None for the method {call.method.name!r}: its regions are of an input."
        )
    images = [key for key in engine.model_inputs if key in batch and to_numpy(batch[key]).ndim == 4]
    if not images:
        raise ValueError(
            f"The method {call.method.name!r} needs an image, (B, H, W, C) or (B, C, H, W), to find regions "
            f"in, but none of the inputs {list(engine.model_inputs)} is one; use another method."
        )
    segments.tools()
    found = engine.run(batch, call)
    regional = {key: _regional(engine, regions, batch[key], found.maps[key]) for key in images if key in found.maps}
    return replace(found, maps={**found.maps, **regional})


def _regional(engine: Engine, regions: Regions, given: Any, attribution: Tensor) -> Tensor:
    """The map of regions of each image, with one channel, in the layout and dtype of the attribution."""
    axis = engine.channel_axis
    images, maps = (np.moveaxis(to_numpy(each), axis, -1) for each in (given, attribution))
    ranked = np.stack([regions.of(*each) for each in zip(images, maps, strict=True)])
    tensor = engine.backend.tensor(np.expand_dims(ranked, axis))
    return engine.backend.cast_like(tensor, attribution)
