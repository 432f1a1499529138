"""Saliency methods as data: which sampling, which statistic. `register` adds one, `methods` lists them."""

from fe_saliency.method import (
    blur,
    cam,
    expected_gradients,
    gradient,
    guided,
    idgi,
    integrated_gradients,
    noisegrad,
    smoothed_integrated,
    smoothgrad,
    xrai,
)
from fe_saliency.method.baseline import (
    Baseline,
    Blur,
    Constant,
    FromData,
    Gaussian,
    Given,
    MaximumDistance,
    MeanOf,
    Pixel,
    Several,
    Uniform,
    apart,
    black,
    resolve,
    white,
)
from fe_saliency.method.blur import BlurPath
from fe_saliency.method.bracket import Adaptive, Bracket, Level, Sampling
from fe_saliency.method.cam import Cam
from fe_saliency.method.composed import integrated, noisy_weights, regions, smooth
from fe_saliency.method.core import Absolute, Core, Squared, TimesInput
from fe_saliency.method.guided import Guided
from fe_saliency.method.idgi import ImportantDirection
from fe_saliency.method.noise import Noise
from fe_saliency.method.of_inputs import OfInputs
from fe_saliency.method.path import Path
from fe_saliency.method.region_map import Regions
from fe_saliency.method.registry import Method, find, methods, register
from fe_saliency.method.weight_noise import NoisyWeights

for _module in (
    *(gradient, smoothgrad, integrated_gradients, smoothed_integrated, expected_gradients),
    *(blur, idgi, guided, xrai, cam, noisegrad),
):
    for _method in _module.METHODS:
        register(_method)

__all__ = [
    "Absolute",
    "Adaptive",
    "Baseline",
    "Blur",
    "BlurPath",
    "Bracket",
    "Cam",
    "Constant",
    "Core",
    "FromData",
    "Gaussian",
    "Given",
    "Guided",
    "ImportantDirection",
    "Level",
    "MaximumDistance",
    "MeanOf",
    "Method",
    "Noise",
    "NoisyWeights",
    "OfInputs",
    "Path",
    "Pixel",
    "Regions",
    "Sampling",
    "Several",
    "Squared",
    "TimesInput",
    "Uniform",
    "apart",
    "black",
    "find",
    "integrated",
    "methods",
    "noisy_weights",
    "regions",
    "register",
    "resolve",
    "smooth",
    "white",
]
