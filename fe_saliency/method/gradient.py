"""The gradient at the input, and what is made of it."""

from fe_saliency.method.core import Absolute, Squared, TimesInput
from fe_saliency.method.registry import Method

METHODS = (
    Method("gradient", "Gradient", "Simonyan et al. 2013, arXiv 1312.6034"),
    Method("absolute_gradient", "Absolute gradient", "Simonyan et al. 2013, arXiv 1312.6034", core=Absolute()),
    Method("squared_gradient", "Squared gradient", "Hooker et al. 2019, arXiv 1806.10758", core=Squared()),
    Method("gradient_x_input", "Gradient x input", "Shrikumar et al. 2016, arXiv 1605.01713", core=TimesInput()),
)
