"""Saliency methods as data: which sampling, which statistic. `register` adds one, `methods` lists them."""

from fe_saliency.method import (
    blur,
    gradient,
    guided,
    idgi,
    integrated_gradients,
    smoothed_integrated,
    smoothgrad,
    xrai,
)
from fe_saliency.method.baseline import Baseline, Constant, Given, Uniform, resolve
from fe_saliency.method.blur import BlurPath
from fe_saliency.method.bracket import Adaptive, Bracket, Level, Sampling
from fe_saliency.method.composed import integrated, smooth
from fe_saliency.method.core import Absolute, Core, Squared, TimesInput
from fe_saliency.method.guided import Guided
from fe_saliency.method.idgi import ImportantDirection
from fe_saliency.method.noise import Noise
from fe_saliency.method.path import Path
from fe_saliency.method.regions import Regions
from fe_saliency.method.registry import Method, find, methods, register

for _module in (gradient, smoothgrad, integrated_gradients, smoothed_integrated, blur, idgi, guided, xrai):
    for _method in _module.METHODS:
        register(_method)

__all__ = [
    "Absolute",
    "Adaptive",
    "Baseline",
    "BlurPath",
    "Bracket",
    "Constant",
    "Core",
    "Given",
    "Guided",
    "ImportantDirection",
    "Level",
    "Method",
    "Noise",
    "Path",
    "Regions",
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
