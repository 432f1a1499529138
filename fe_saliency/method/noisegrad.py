"""NoiseGrad and FusionGrad (Bykov et al. 2022, 2106.10185): over noisy weights, alone and with noisy inputs."""

from fe_saliency.method.noise import Noise
from fe_saliency.method.registry import Method
from fe_saliency.method.weight_noise import NoisyWeights

_SOURCE = "Bykov et al. 2022, arXiv 2106.10185"

METHODS = (
    Method("noisegrad", "NoiseGrad", _SOURCE, (NoisyWeights(),)),
    Method("fusiongrad", "FusionGrad", _SOURCE, (NoisyWeights(0.1), Noise())),
)
