"""The gradient itself (Simonyan et al. 2013, 1312.6034)."""

from fe_saliency.method.registry import Method

METHODS = (Method("gradient", "Gradient", "Simonyan et al. 2013, arXiv 1312.6034"),)
