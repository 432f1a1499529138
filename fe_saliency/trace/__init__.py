"""Traces that log saliency while a network trains."""

from fe_saliency.trace.saliency import Saliency
from fe_saliency.trace.vog import VarianceOfGradients

__all__ = ["Saliency", "VarianceOfGradients"]
