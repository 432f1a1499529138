"""What `SaliencyNet.attribute` and `SaliencyNet.decide` return."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fe_saliency.backend import Tensor
from fe_saliency.target import Target


@dataclass(frozen=True, eq=False)
class Attribution:
    """Raw maps and what is known about them; B rows.

    Args:
        maps: {input key: tensor of the input's own shape (B, ...), raw and signed, in the model's dtype, or
            single precision where that is half}. With a
            `layer` one map: {name of the layer: tensor of the shape of what it gives}; of a class activation map
            {key of the first image among the inputs: (B, H, W, 1), channels-first (B, 1, H, W)}. A map of regions has
            one channel; what is said of its accuracy is that of the attribution it was made of.
        targets: {output key: int64 tensor (B,), the class that was explained}; -1 for a target that is no one class.
        predictions: {output key: int64 tensor (B,), the class with the highest score}; -1 for a target that is not made
            of classes (`Unit`, `Score`), or of a dense output.
        scores: {output key: tensor (B,), the explained score of the clean input}, whatever the target is.
        margins: {output key: tensor (B,), that score less the highest of any other class}; above 0 where the class is
            the predicted one. For one-unit outputs see `fe_saliency.op.Margin`. NaN for a target that is no one class.
        channel_axis: Where the channels of maps of rank 3 and more are: 1 for channels-first, -1 for channels-last, as
            in the embeddings of both frameworks.
        gradient_evaluations: int64 array (B,): gradients of the model spent on each row.
        completeness_gap: float64 array (B,): the sum of the maps over all inputs and elements, less s(x) - s(baseline)
            (the mean over the baselines, where they are drawn). None for methods without a path, for smoothed ones, and
            with `diagnose=False`.
        completeness_error: float64 array (B,): the Monte-Carlo standard error of `completeness_gap`; 0 for a given
            baseline. A gap of many such errors is a fault of the quadrature, one of a few is the luck of the draw.
        relative_error: float64 array (B,): the Monte-Carlo standard error of the row's maps over their Euclidean norm;
            0.1 is a good map and 1 is noise. None for methods that draw nothing, for statistics that tell no error,
            and with `diagnose=False` (but not with a tolerance). NaN where it cannot be told: from fewer than two pairs
            of samples; in a smoothed path method with random baselines, as all its noisy copies share the baselines
            (give a baseline, and the error is that of the smoothing); and of a map that is zero by all draws, or whose
            squares are too small for single precision, as of a saturated probability (explain the logit). With a
            tolerance it is NaN up to the cap then, for more draws may find something. With a tolerance and a given
            baseline: how far the map lies from that of half as many points, as a rule more than its own error,
            and never less than what the gap proves.
        met_tolerance: bool array (B,): whether `relative_error` fell to the tolerance before the cap on the samples was
            met. None if no tolerance was given.
        explained: {output key: target}: what was explained, fixed as it was. As `target=` it explains the same rows by
            another method, or another state of the model.
    """

    maps: dict[str, Tensor]
    targets: dict[str, Tensor]
    predictions: dict[str, Tensor]
    scores: dict[str, Tensor]
    margins: dict[str, Tensor]
    channel_axis: int
    gradient_evaluations: np.ndarray
    completeness_gap: np.ndarray | None = None
    completeness_error: np.ndarray | None = None
    relative_error: np.ndarray | None = None
    met_tolerance: np.ndarray | None = None
    explained: dict[str, Target] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Decision:
    """What a model makes of B rows, without a gradient.

    Args:
        targets: {output key: int64 tensor (B,), the class that was asked for, else the predicted one}; as in
            `Attribution`.
        predictions: {output key: int64 tensor (B,), the class with the highest score}; as in `Attribution`.
        scores: {output key: tensor (B,), the score of what was asked for}.
        margins: {output key: tensor (B,), as in `Attribution`}.
    """

    targets: dict[str, Tensor]
    predictions: dict[str, Tensor]
    scores: dict[str, Tensor]
    margins: dict[str, Tensor]
