"""Controls that keep one honest: what would the maps look like if the model had learned nothing?"""

from fe_saliency.control.emprt import EmprtResult, emprt, entropy_rise, histogram_entropy
from fe_saliency.control.mprt import MprtResult, mprt
from fe_saliency.control.randomised import ORDERS, Randomised, randomised
from fe_saliency.control.untrained import Untrained

__all__ = [
    "ORDERS",
    "EmprtResult",
    "MprtResult",
    "Randomised",
    "Untrained",
    "emprt",
    "entropy_rise",
    "histogram_entropy",
    "mprt",
    "randomised",
]
