"""Baselines: where a path to the input begins (Sturmfels et al., Distill 2020,
distill.pub/2020/attribution-baselines). None is neutral: what equals its baseline gets no attribution."""

from fe_saliency.method.baseline.base import Baseline
from fe_saliency.method.baseline.data import FromData, MeanOf
from fe_saliency.method.baseline.given import Constant, Given, Pixel, black, white
from fe_saliency.method.baseline.noise import Gaussian, Uniform
from fe_saliency.method.baseline.resolve import BASELINES, resolve
from fe_saliency.method.baseline.row import Blur, MaximumDistance
from fe_saliency.method.baseline.several import Several, apart

__all__ = [
    "BASELINES",
    "Baseline",
    "Blur",
    "Constant",
    "FromData",
    "Gaussian",
    "Given",
    "MaximumDistance",
    "MeanOf",
    "Pixel",
    "Several",
    "Uniform",
    "apart",
    "black",
    "resolve",
    "white",
]
