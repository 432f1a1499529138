"""What is measured of maps, in NumPy: arrays in, one number a row out; no model, no tensor, no picture.

Heats are (B, ...), at least 0 (`fe_saliency.heat.heat`); regions are booleans of the same shape. Each measure gives
float64 of shape (B,), the same for a row alone as in a batch, and the same at every scale of the maps. Where a measure
is not defined, as of a map that holds a NaN, it is NaN and never an error: `mean_known` averages what is left.
"""

from typing import TYPE_CHECKING

import lazy_loader as lazy

if TYPE_CHECKING:
    from fe_saliency.measure.concentration import effective_pixels, entropy, gini
    from fe_saliency.measure.localisation import area_share, mass_share, pointing_game, rank_accuracy
    from fe_saliency.measure.region import regions
    from fe_saliency.measure.rows import flat
    from fe_saliency.measure.similarity import cosine, rank_correlation, ssim
    from fe_saliency.measure.trust import mean_known, unusable

__all__ = [
    "area_share",
    "cosine",
    "effective_pixels",
    "entropy",
    "flat",
    "gini",
    "mass_share",
    "mean_known",
    "pointing_game",
    "rank_accuracy",
    "rank_correlation",
    "regions",
    "ssim",
    "unusable",
]

__getattr__, __dir__, _ = lazy.attach(
    __name__,
    submod_attrs={
        "concentration": ["effective_pixels", "entropy", "gini"],
        "localisation": ["area_share", "mass_share", "pointing_game", "rank_accuracy"],
        "region": ["regions"],
        "rows": ["flat"],
        "similarity": ["cosine", "rank_correlation", "ssim"],
        "trust": ["mean_known", "unusable"],
    },
)
