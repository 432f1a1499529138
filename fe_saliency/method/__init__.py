"""Saliency methods as data: which sampling, which statistic. `register` adds one, `methods` lists them."""

from fe_saliency.method import cam, gradient, integrated_gradients, smoothed_integrated, smoothgrad
from fe_saliency.method.baseline import Baseline, Constant, Given, Uniform, resolve
from fe_saliency.method.bracket import Bracket, Level, Sampling
from fe_saliency.method.cam import Cam
from fe_saliency.method.composed import integrated, smooth
from fe_saliency.method.core import Absolute, Core, Squared, TimesInput
from fe_saliency.method.noise import Noise
from fe_saliency.method.of_inputs import OfInputs
from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method, find, methods, register

for _module in (gradient, smoothgrad, integrated_gradients, smoothed_integrated, cam):
    for _method in _module.METHODS:
        register(_method)

__all__ = [
    "Absolute",
    "Baseline",
    "Bracket",
    "Cam",
    "Constant",
    "Core",
    "Given",
    "Level",
    "Method",
    "Noise",
    "OfInputs",
    "Path",
    "Sampling",
    "Squared",
    "TimesInput",
    "Uniform",
    "find",
    "integrated",
    "methods",
    "register",
    "resolve",
    "smooth",
]
