"""SmoothGrad and its relatives: one statistic or another over noisy copies of the input."""

from fe_saliency.method.noise import Noise
from fe_saliency.method.registry import Method
from fe_saliency.statistic import Mean, MeanOfSquares, Variance

METHODS = (
    Method("smoothgrad", "SmoothGrad", "Smilkov et al. 2017, arXiv 1706.03825", (Noise(Mean),)),
    Method("smoothgrad_squared", "SmoothGrad-squared", "Hooker et al. 2019, arXiv 1806.10758", (Noise(MeanOfSquares),)),
    Method("vargrad", "VarGrad", "Adebayo et al. 2018, arXiv 1810.03292", (Noise(Variance),)),
)
