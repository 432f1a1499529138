"""TensorOps that compose into saliency: sampling, watching, scoring, differentiating, aggregating.

They keep FastEstimator's conventions (`inputs`, `outputs`, `mode`, `ds_id`) and run in any `fe.Network` of either
backend. A sampling op folds K points into the batch, (B, ...) -> (K*B, ...), and an aggregating op unfolds them again.
"""

from fastestimator.op.tensorop.gradient.watch import Watch

from fe_saliency.op.accumulate import Accumulate, ElementSum, LastSample, Reduce
from fe_saliency.op.aggregate import Mean, MeanOfSquares, Variance, WeightedSum
from fe_saliency.op.blur import Blur
from fe_saliency.op.cam import GradCam, GradCamPlusPlus, LayerCam, Resize
from fe_saliency.op.decide import Decide
from fe_saliency.op.gather import Gather
from fe_saliency.op.gradient import GradientOp
from fe_saliency.op.layer import LayerOp, ObserveOp
from fe_saliency.op.margin import Margin
from fe_saliency.op.noise import AddNoise, ClippedNoise, NormalPattern
from fe_saliency.op.path import (
    DataBaseline,
    PathAt,
    PathPoints,
    RepeatLike,
    StraightPath,
    UniformBaseline,
    UniformPattern,
)
from fe_saliency.op.pointwise import Absolute, Squared, SquaredShare, TimesDifference

__all__ = [
    "Absolute",
    "Accumulate",
    "AddNoise",
    "Blur",
    "ClippedNoise",
    "DataBaseline",
    "Decide",
    "ElementSum",
    "Gather",
    "GradCam",
    "GradCamPlusPlus",
    "GradientOp",
    "LastSample",
    "LayerCam",
    "LayerOp",
    "Margin",
    "Mean",
    "MeanOfSquares",
    "NormalPattern",
    "ObserveOp",
    "PathAt",
    "PathPoints",
    "Reduce",
    "RepeatLike",
    "Resize",
    "Squared",
    "SquaredShare",
    "StraightPath",
    "TimesDifference",
    "UniformBaseline",
    "UniformPattern",
    "Variance",
    "Watch",
    "WeightedSum",
]
