"""Traces that log saliency while a network trains."""

from fe_saliency.trace.saliency import Saliency

__all__ = ["Saliency"]
