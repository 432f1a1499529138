"""XRAI (Kapishnikov et al. 2019, 1906.02825): Integrated Gradients from black and from white, region by region."""

from fe_saliency.method.path import Path
from fe_saliency.method.region_map import Regions
from fe_saliency.method.registry import Method

METHODS = (Method("xrai", "XRAI", "Kapishnikov et al. 2019, arXiv 1906.02825", (Path(),), regions=Regions()),)
