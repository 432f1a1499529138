"""From kept rows to the columns of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency.backend import to_numpy
from fe_saliency.display import ImageColumn, MaskColumn, Section, TextColumn, blend, channels_last, to_unit
from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.trace.labels import Labels


@dataclass(frozen=True)
class Recipe:
    """Which masks are computed.

    Args:
        smoothing: Noisy copies of the smoothed mask; 0 for none.
        steps: Path points of the integrated mask; 0 for none.
        rounds: Noisy copies of the combined mask; 0 for none.
    """

    smoothing: int
    steps: int
    rounds: int

    @property
    def cost(self) -> int:
        """Gradient evaluations per row."""
        return 1 + self.smoothing + self.steps + self.steps * self.rounds

    def masks(self, net: SaliencyNet, rows: Mapping[str, np.ndarray]) -> list[tuple[str, dict[str, Any]]]:
        """(title, what the getter returned) of every mask, in the order of the columns."""
        found = [("Vanilla gradient", net.get_masks(dict(rows)))]
        if self.smoothing:
            found.append(("Smoothed (squared)", net.get_smoothed_masks(dict(rows), nsamples=self.smoothing)))
        if self.steps:
            found.append(("Integrated", net.get_integrated_masks(dict(rows), nsamples=self.steps)))
        if self.steps and self.rounds:
            found.append(
                (
                    "Smoothed integrated (squared)",
                    net.get_smoothed_masks(dict(rows), nsamples=self.rounds, nintegration=self.steps),
                )
            )
        return found


def sections(
    net: SaliencyNet,
    recipe: Recipe,
    rows: Mapping[str, np.ndarray],
    class_key: str | None,
    labels: Labels,
    name: str | None,
) -> list[Section]:
    """One section of a figure for each model input.

    Args:
        net: What computes the masks.
        recipe: Which of them.
        rows: The kept rows by key.
        class_key: The key of the true classes, or None.
        labels: Their names.
        name: What stands above the rows (a dataset id), or None.
    """
    masks = recipe.masks(net, rows)
    classes = _classes(masks[0][1], net.model_outputs, rows, class_key, labels)
    axis = net.channel_axis
    found = []
    for key, output in zip(net.model_inputs, net.outputs, strict=True):
        picture = to_unit(rows[key], axis)
        heats = [(title, channels_last(to_numpy(result[output]), axis)) for title, result in masks]
        columns: list[TextColumn | ImageColumn | MaskColumn] = [
            *classes,
            ImageColumn(f"Input {key}", picture),
            ImageColumn("Overlay", blend(picture, heats[-1][1])),
        ]
        columns += [MaskColumn(title, heat) for title, heat in heats]
        found.append(Section(columns, name))
    return found


def _classes(
    result: Mapping[str, Any],
    outputs: Sequence[str],
    rows: Mapping[str, np.ndarray],
    class_key: str | None,
    labels: Labels,
) -> list[TextColumn]:
    columns: list[TextColumn] = []
    true: list[str] = []
    if class_key is not None:
        true = labels.of(rows[class_key])
        columns.append(TextColumn(f"True {class_key}", true))
    # With several outputs there is no telling which of them the one true class belongs to, and a name in the data
    # cannot be compared with a number from the model.
    comparable = class_key is not None and len(outputs) == 1 and labels.common_to(rows[class_key])
    for key in outputs:
        predicted = labels.of(to_numpy(result[key]))
        right = [a == b for a, b in zip(predicted, true, strict=True)] if comparable else None
        columns.append(TextColumn(f"Predicted {key}", predicted, right))
    return columns
