"""From raw maps to a figure: NumPy in, NumPy out; no model, no tensor, no plotting window."""

from typing import TYPE_CHECKING

import lazy_loader as lazy

if TYPE_CHECKING:
    from fe_saliency.display.channels import channels_last, to_gray
    from fe_saliency.display.columns import ImageColumn, MaskColumn, TextColumn
    from fe_saliency.display.figure import compose
    from fe_saliency.display.overlay import blend
    from fe_saliency.display.saliency_display import SaliencyDisplay
    from fe_saliency.display.scaling import to_mask, to_unit
    from fe_saliency.display.section import Section

__all__ = [
    "ImageColumn",
    "MaskColumn",
    "SaliencyDisplay",
    "Section",
    "TextColumn",
    "blend",
    "channels_last",
    "compose",
    "to_gray",
    "to_mask",
    "to_unit",
]

__getattr__, __dir__, _ = lazy.attach(
    __name__,
    submod_attrs={
        "channels": ["channels_last", "to_gray"],
        "columns": ["ImageColumn", "MaskColumn", "TextColumn"],
        "figure": ["compose"],
        "overlay": ["blend"],
        "saliency_display": ["SaliencyDisplay"],
        "scaling": ["to_mask", "to_unit"],
        "section": ["Section"],
    },
)
