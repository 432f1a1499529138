"""Class activation maps: what a layer sees, and how much the score hangs on it, as a map of one channel."""

from __future__ import annotations

from dataclasses import dataclass

from fastestimator.op.tensorop.tensorop import TensorOp

from fe_saliency import op
from fe_saliency.method.core import Core, Keys
from fe_saliency.method.registry import Method


@dataclass(frozen=True)
class Cam(Core):
    """relu(sum_c w_c A_c) of a layer's activation A, by an op of `fe_saliency.op` that says what the weights are."""

    by: type[op.GradCam] | type[op.GradCamPlusPlus] | type[op.LayerCam] = op.GradCam
    complete = False
    signed = False
    at_layer = True

    def ops(self, points: Keys, gradients: Keys) -> tuple[list[TensorOp], Keys]:
        found = [f"{gradients[0]}_cam"]
        return [self.by(inputs=points + gradients, outputs=found)], found


METHODS = (
    Method("gradcam", "Grad-CAM", "Selvaraju et al. 2017, arXiv 1610.02391", core=Cam(op.GradCam)),
    Method(
        "gradcam_plus_plus", "Grad-CAM++", "Chattopadhay et al. 2018, arXiv 1710.11063", core=Cam(op.GradCamPlusPlus)
    ),
    Method("layercam", "Layer-CAM", "Jiang et al. 2021, doi 10.1109/TIP.2021.3089943", core=Cam(op.LayerCam)),
)
