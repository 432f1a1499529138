"""Expected gradients (Erion et al. 2021, 1906.10670): Integrated Gradients, averaged over baselines that are data."""

from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method

METHODS = (
    Method(
        "expected_gradients",
        "Expected Gradients",
        "Erion et al. 2021, arXiv 1906.10670",
        (Path(from_data=True),),
    ),
)
