"""Integrated Gradients (Sundararajan et al. 2017, 1703.01365)."""

from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method

METHODS = (
    Method("integrated_gradients", "Integrated Gradients", "Sundararajan et al. 2017, arXiv 1703.01365", (Path(),)),
)
