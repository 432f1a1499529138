"""Watched regions: places where a model should not look, and whether it does; a test for what was named beforehand.

It says nothing of places that nobody named: attributions alone do not find an unknown shortcut (Adebayo, Muelly,
Abelson and Kim, "Post hoc explanations may be ineffective for detecting unknown spurious correlation", ICLR 2022,
2212.04629).
"""

from typing import TYPE_CHECKING

import lazy_loader as lazy

if TYPE_CHECKING:
    from fe_saliency.watch.finding import NUMBERS, Finding
    from fe_saliency.watch.region import Region, RegionKey
    from fe_saliency.watch.replacement import replaced
    from fe_saliency.watch.shapes import Border, Box, Corner, Strip
    from fe_saliency.watch.watch import Watch

__all__ = ["NUMBERS", "Border", "Box", "Corner", "Finding", "Region", "RegionKey", "Strip", "Watch", "replaced"]

__getattr__, __dir__, _ = lazy.attach(
    __name__,
    submod_attrs={
        "finding": ["NUMBERS", "Finding"],
        "region": ["Region", "RegionKey"],
        "replacement": ["replaced"],
        "shapes": ["Border", "Box", "Corner", "Strip"],
        "watch": ["Watch"],
    },
)
