"""Saliency maps for FastEstimator: what is my network looking at?

The public names are loaded when they are first used, so that importing the package is quick and
loads neither TensorFlow nor torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

from fe_saliency import compat

if TYPE_CHECKING:
    from fe_saliency.attribution import Attribution, Decision
    from fe_saliency.method import Method, integrated, methods, noisy_weights, regions, register, smooth
    from fe_saliency.saliency_net import SaliencyNet

__version__ = "0.1.0"
__all__ = [
    "Attribution",
    "Decision",
    "Method",
    "SaliencyNet",
    "integrated",
    "methods",
    "noisy_weights",
    "regions",
    "register",
    "smooth",
]

_HOME = {
    "Attribution": "fe_saliency.attribution",
    "Decision": "fe_saliency.attribution",
    "Method": "fe_saliency.method",
    "SaliencyNet": "fe_saliency.saliency_net",
    "integrated": "fe_saliency.method",
    "methods": "fe_saliency.method",
    "noisy_weights": "fe_saliency.method",
    "regions": "fe_saliency.method",
    "register": "fe_saliency.method",
    "smooth": "fe_saliency.method",
}

compat.install()


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
