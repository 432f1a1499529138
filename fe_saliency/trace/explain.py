"""From kept rows to the Record of one epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fe_saliency.attribution import Attribution
from fe_saliency.backend import to_numpy
from fe_saliency.record import Record
from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.trace.controls import Controls
from fe_saliency.trace.guard import Guard
from fe_saliency.trace.recipe import Recipe
from fe_saliency.trace.samples import explainable


def attributions(
    net: SaliencyNet,
    recipe: Recipe,
    controls: Controls,
    rows: dict[str, np.ndarray],
    diagnose: bool,
    guard: Guard,
) -> dict[str, Attribution]:
    """All maps of a recipe by their names, those of its controls too; as `explain`, of rows without NaN."""
    found = {each.name: each.of(net, rows, diagnose=diagnose) for each in recipe.maps}
    targets = found[recipe.maps[0].name].targets
    for control in recipe.controls:
        with guard(f"The Saliency trace could not explain the {control} model"):
            found[control] = controls.attribute(control, rows, recipe.chosen, targets)
    return found


def explain(
    net: SaliencyNet,
    recipe: Recipe,
    controls: Controls,
    inputs: Mapping[str, np.ndarray],
    labels: np.ndarray | None,
    where: tuple[int, str, str],
    settings: Mapping[str, Any],
    diagnose: bool,
    guard: Guard,
) -> Record:
    """Compute all maps of a recipe.

    Rows that hold NaN or infinite numbers are not explained: all that is told of them is NaN, or -1 for a class.

    Args:
        net: What computes them.
        recipe: Which ones.
        controls: The other models.
        inputs: {input key: (B, ...)}, the rows.
        labels: Their true classes, (B,), or None.
        where: Epoch, mode and dataset id.
        settings: What else the record should tell.
        diagnose: Whether to measure errors and completeness gaps.
        guard: What becomes of an error in a control, which is left out then.
    """
    explained = explainable(inputs)
    fed = {key: array[explained] for key, array in inputs.items()}
    found = attributions(net, recipe, controls, fed, diagnose, guard)
    first = found[recipe.maps[0].name]
    epoch, mode, ds_id = where
    return Record(
        epoch=epoch,
        mode=mode,
        ds_id=ds_id,
        channel_axis=net.channel_axis,
        inputs=dict(inputs),
        maps={name: _placed(each.maps, explained) for name, each in found.items()},
        **{name: _placed(getattr(first, name), explained) for name in ("targets", "predictions", "scores", "margins")},
        relative_error=_placed(_known(found, "relative_error"), explained),
        completeness_gap=_placed(_known(found, "completeness_gap"), explained),
        labels=labels,
        settings={
            "seed": net.seed,
            "smoothing": recipe.smoothing,
            "integrating": [recipe.steps, recipe.rounds],
            "methods": {each.name: each.nsamples for each in recipe.methods},
            "options": {each.name: each.told for each in recipe.methods},
            "signed": recipe.signed,
            "unsigned": recipe.unsigned,
            "measured": recipe.chosen.name,
            "titles": recipe.titles,
            "controls": list(recipe.controls),
            "outputs": dict(zip(net.model_inputs, net.outputs, strict=True)),
            **settings,
        },
    )


def _placed(tensors: Mapping[str, Any], explained: np.ndarray) -> dict[str, np.ndarray]:
    """What is known of the rows that were `explained`, as arrays of all rows."""
    arrays = {key: to_numpy(tensor) for key, tensor in tensors.items()}
    if explained.all():
        return arrays
    for key, array in arrays.items():
        unknown = -1 if array.dtype.kind == "i" else np.nan
        arrays[key] = np.full((len(explained), *array.shape[1:]), unknown, array.dtype)
        arrays[key][explained] = array
    return arrays


def _known(found: Mapping[str, Attribution], field: str) -> dict[str, np.ndarray]:
    known = {name: getattr(each, field) for name, each in found.items()}
    return {name: array for name, array in known.items() if array is not None}
