"""From raw maps to a figure: NumPy in, NumPy out; no model, no tensor, no plotting window."""

from typing import TYPE_CHECKING

import lazy_loader as lazy

if TYPE_CHECKING:
    from fe_saliency.display.channels import channels_last, to_gray
    from fe_saliency.display.columns import ImageColumn, MaskColumn, SignalColumn, SignedColumn, TextColumn
    from fe_saliency.display.figure import compose
    from fe_saliency.display.files import animate, write_png
    from fe_saliency.display.films import film, reel
    from fe_saliency.display.frame import Frame
    from fe_saliency.display.legend import scale_caption
    from fe_saliency.display.overlay import blend, blend_signed
    from fe_saliency.display.parts import Parts
    from fe_saliency.display.saliency_display import SaliencyDisplay
    from fe_saliency.display.scaling import to_mask, to_unit
    from fe_saliency.display.section import Section
    from fe_saliency.display.sheet import Group, contact_sheet
    from fe_saliency.display.signed import common_scale, to_signed
    from fe_saliency.display.tiles import tile

__all__ = [
    "Frame",
    "Group",
    "ImageColumn",
    "MaskColumn",
    "Parts",
    "SaliencyDisplay",
    "Section",
    "SignalColumn",
    "SignedColumn",
    "TextColumn",
    "animate",
    "blend",
    "blend_signed",
    "channels_last",
    "common_scale",
    "compose",
    "contact_sheet",
    "film",
    "reel",
    "scale_caption",
    "tile",
    "to_gray",
    "to_mask",
    "to_signed",
    "to_unit",
    "write_png",
]

__getattr__, __dir__, _ = lazy.attach(
    __name__,
    submod_attrs={
        "channels": ["channels_last", "to_gray"],
        "columns": ["ImageColumn", "MaskColumn", "SignalColumn", "SignedColumn", "TextColumn"],
        "figure": ["compose"],
        "files": ["animate", "write_png"],
        "films": ["film", "reel"],
        "frame": ["Frame"],
        "legend": ["scale_caption"],
        "overlay": ["blend", "blend_signed"],
        "parts": ["Parts"],
        "saliency_display": ["SaliencyDisplay"],
        "scaling": ["to_mask", "to_unit"],
        "section": ["Section"],
        "sheet": ["Group", "contact_sheet"],
        "signed": ["common_scale", "to_signed"],
        "tiles": ["tile"],
    },
)
