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
    images = [key for key in engine.model_inputs if key in batch and to_numpy(batch[key]).ndim == 4]
    if not images:
        raise ValueError(
            f"The method {call.method.name!r} needs an image, (B, H, W, C) or (B, C, H, W), to find regions "
            f"in, but none of the inputs {list(engine.model_inputs)} is one; use another method."
        )
    segments.tools()
    starts = regions.baselines() if call.baseline is None else (call.baseline,)
    found = _averaged([engine.run(batch, replace(call, baseline=start)) for start in starts])
    regional = {key: _regional(engine, regions, batch[key], found.maps[key]) for key in images}
    return replace(found, maps={**found.maps, **regional})


def _averaged(runs: list[Attribution]) -> Attribution:
    """The mean of maps and gaps; what was spent, together; the largest error."""

    def over(name: str, how: Any) -> np.ndarray | None:
        values = [getattr(each, name) for each in runs]
        return None if values[0] is None else how(values, axis=0)

    return replace(
        runs[0],
        maps={key: sum(each.maps[key] for each in runs) / len(runs) for key in runs[0].maps},
        gradient_evaluations=np.sum([each.gradient_evaluations for each in runs], axis=0),
        completeness_gap=over("completeness_gap", np.mean),
        completeness_error=over("completeness_error", np.max),
        relative_error=over("relative_error", np.max),
        met_tolerance=over("met_tolerance", np.min),
    )


def _regional(engine: Engine, regions: Regions, given: Any, attribution: Tensor) -> Tensor:
    """The map of regions of each image, with one channel, in the layout and dtype of the attribution."""
    axis = engine.backend.channel_axis
    images, maps = (np.moveaxis(to_numpy(each), axis, -1) for each in (given, attribution))
    ranked = np.stack([regions.of(*each) for each in zip(images, maps, strict=True)])
    tensor = engine.backend.tensor(np.expand_dims(ranked, axis))
    return engine.backend.cast_like(tensor, attribution)
