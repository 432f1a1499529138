"""Saliency methods as data: which sampling, which statistic. `register` adds one, `methods` lists them."""

from fe_saliency.method import gradient, integrated, smoothed_integrated, smoothgrad
from fe_saliency.method.baseline import Baseline, Constant, Given, Uniform, resolve
from fe_saliency.method.bracket import Bracket, Level, Sampling
from fe_saliency.method.noise import Noise
from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method, find, methods, register

for _module in (gradient, smoothgrad, integrated, smoothed_integrated):
    for _method in _module.METHODS:
        register(_method)

__all__ = [
    "Baseline",
    "Bracket",
    "Constant",
    "Given",
    "Level",
    "Method",
    "Noise",
    "Path",
    "Sampling",
    "Uniform",
    "find",
    "methods",
    "register",
    "resolve",
]
