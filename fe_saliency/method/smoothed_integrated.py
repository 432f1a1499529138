"""Integrated Gradients of noisy inputs, reduced by a statistic: a composition, nothing else."""

from fe_saliency.method.noise import Noise
from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method
from fe_saliency.statistic import Mean, MeanOfSquares, Variance

_SOURCE = "Smilkov et al. 2017, arXiv 1706.03825, of Sundararajan et al. 2017, arXiv 1703.01365"

METHODS = (
    Method("smoothed_integrated_gradients", "Smoothed Integrated Gradients", _SOURCE, (Noise(Mean), Path())),
    Method(
        "smoothed_integrated_gradients_squared",
        "Smoothed Integrated Gradients, squared",
        _SOURCE,
        (Noise(MeanOfSquares), Path()),
    ),
    Method("integrated_gradients_variance", "Variance of Integrated Gradients", _SOURCE, (Noise(Variance), Path())),
)
