"""Saliency methods as data: which sampling, which statistic. `register` adds one, `methods` lists them."""

from fe_saliency.method import gradient, integrated_gradients, noisegrad, smoothed_integrated, smoothgrad
from fe_saliency.method.baseline import Baseline, Constant, Given, Uniform, resolve
from fe_saliency.method.bracket import Bracket, Level, Sampling
from fe_saliency.method.composed import integrated, noisy_weights, smooth
from fe_saliency.method.core import Absolute, Core, Squared, TimesInput
from fe_saliency.method.noise import Noise
from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method, find, methods, register
from fe_saliency.method.weight_noise import NoisyWeights

for _module in (gradient, smoothgrad, integrated_gradients, smoothed_integrated, noisegrad):
    for _method in _module.METHODS:
        register(_method)

__all__ = [
    "Absolute",
    "Baseline",
    "Bracket",
    "Constant",
    "Core",
    "Given",
    "Level",
    "Method",
    "Noise",
    "NoisyWeights",
    "Path",
    "Sampling",
    "Squared",
    "TimesInput",
    "Uniform",
    "find",
    "integrated",
    "methods",
    "noisy_weights",
    "register",
    "resolve",
    "smooth",
]
