"""Small models for both backends with equal weights, compiled by `fe.build`, and the batches that go into them.

A model is described once, by `spec(kind)`, in NumPy and channels-last; TensorFlow, torch and `reference.py` (plain
NumPy) are built from the same numbers. The kinds:

=============  =================================  ==========================================
kind           inputs                             output
=============  =================================  ==========================================
linear         (6,)                               3 scores
quadratic      (6,)                               3 scores, w * x ** 2: its gradient shows where it was taken
smooth_mlp     (6,)                               3 scores; tanh and softplus
softmax_mlp    (6,)                               3 probabilities; smooth_mlp and a softmax
saturated      (6,)                               3 probabilities, the first 1 to 1e-12
smooth_conv    (6, 6, 2)                          4 scores; tanh, average pooling, softplus
relu_conv      (8, 8, 2)                          4 scores; ReLU, max pooling
squeeze        (8, 10, 2)                         4 scores; ReLU, the mean of a map of each class, as in SqueezeNet
one_unit       (6,)                               (B, 1), a sigmoid
one_logit      (6,)                               (B, 1), its logit
two_inputs     (6, 6, 2) and (5,)                 3 scores
two_outputs    (6,)                               3 and 4 scores
lenet          (28, 28, 1), float32 only          10 probabilities (FastEstimator's LeNet)
dense          (5, 4, 2)                          (5, 4, 3): at each pixel w * x ** 2, a segmentation
dense_logit    (5, 4, 2)                          (5, 4, 1): likewise
=============  =================================  ==========================================
"""

from dataclasses import dataclass
from functools import cache

import fastestimator as fe
import numpy as np
import tensorflow as tf
import torch

from fe_saliency import SaliencyNet

KINDS = (
    "linear",
    "quadratic",
    "smooth_mlp",
    "softmax_mlp",
    "saturated",
    "smooth_conv",
    "relu_conv",
    "one_unit",
    "one_logit",
    "two_inputs",
    "two_outputs",
    "squeeze",
)
DENSE = ("dense", "dense_logit")  # no one score per class and row


@dataclass(frozen=True, eq=False)
class Dense:
    weight: np.ndarray  # (in, out)
    bias: np.ndarray


@dataclass(frozen=True, eq=False)
class Conv:
    kernel: np.ndarray  # (height, width, in, out), no padding
    bias: np.ndarray


@dataclass(frozen=True)
class Activation:
    name: str  # "tanh", "softplus", "relu", "sigmoid", "softmax" or "square"


@dataclass(frozen=True)
class Pool:
    name: str  # "average" or "max", 2 x 2


@dataclass(frozen=True)
class Flatten:
    """In channels-last order on both backends."""


@dataclass(frozen=True)
class GlobalAverage:
    """The mean over height and width."""


@dataclass(frozen=True, eq=False)
class Spec:
    inputs: tuple  # row shapes, channels-last
    branches: tuple  # the layers of each input; their ends are joined along the last axis
    heads: tuple  # the layers of each output


_TWINS = {"softmax_mlp": "smooth_mlp", "one_logit": "one_unit"}  # the same weights


@cache
def spec(kind):
    """The description of a model; the same numbers every time."""
    rng = np.random.default_rng((*KINDS, *DENSE).index(_TWINS.get(kind, kind)))

    def dense(size, units):
        return Dense(rng.normal(size=(size, units)) * 1.5 / np.sqrt(size), rng.normal(size=units) * 0.3)

    def conv(channels, filters, size=3):
        return Conv(rng.normal(size=(size, size, channels, filters)) * 0.4, rng.normal(size=filters) * 0.2)

    tanh, softplus, relu = map(Activation, ("tanh", "softplus", "relu"))
    if kind in ("linear", "quadratic"):
        begin = (Activation("square"),) if kind == "quadratic" else ()
        return Spec(((6,),), (begin,), ((dense(6, 3),),))
    if kind in ("smooth_mlp", "softmax_mlp"):
        end = (Activation("softmax"),) if kind == "softmax_mlp" else ()
        return Spec(((6,),), ((dense(6, 8), tanh, dense(8, 8), softplus),), ((dense(8, 3), *end),))
    if kind == "saturated":
        steep = Dense(rng.normal(size=(6, 3)), np.array([60.0, 0.0, 0.0]))
        return Spec(((6,),), ((),), ((steep, Activation("softmax")),))
    if kind == "smooth_conv":
        body = (conv(2, 3), tanh, Pool("average"), Flatten(), dense(12, 6), softplus)
        return Spec(((6, 6, 2),), (body,), ((dense(6, 4),),))
    if kind == "relu_conv":
        body = (conv(2, 4), relu, Pool("max"), Flatten(), dense(36, 8), relu)
        return Spec(((8, 8, 2),), (body,), ((dense(8, 4),),))
    if kind == "squeeze":
        body = (conv(2, 5), relu, conv(5, 4), relu, conv(4, 4, 1), GlobalAverage())
        return Spec(((8, 10, 2),), (body,), ((),))
    if kind in ("one_unit", "one_logit"):
        end = (Activation("sigmoid"),) if kind == "one_unit" else ()
        return Spec(((6,),), ((dense(6, 5), tanh),), ((dense(5, 1), *end),))
    if kind == "two_inputs":
        image = (conv(2, 3), tanh, Pool("average"), Flatten())
        return Spec(((6, 6, 2), (5,)), (image, (dense(5, 4), tanh)), ((dense(16, 6), softplus, dense(6, 3)),))
    if kind == "two_outputs":
        return Spec(((6,),), ((dense(6, 8), tanh),), ((dense(8, 3),), (dense(8, 5), softplus, dense(5, 4))))
    if kind in DENSE:
        kernel = rng.normal(size=(2, 3)) if kind == "dense" else np.array([[1.0], [-1.0]])
        pixelwise = Conv(kernel[None, None], rng.normal(size=kernel.shape[1]) * 0.3)
        return Spec(((5, 4, 2),), ((Activation("square"),),), ((pixelwise,),))
    raise ValueError(f"No model is called {kind!r}.")


@cache
def model(kind, backend, dtype="float64"):
    """The model, compiled by `fe.build`, without an optimizer; one object, whoever asks. Do not change it."""
    if kind == "lenet":
        return _lenet(backend)
    make = {"tf": _keras, "torch": _Torch}[backend]
    return fe.build(model_fn=lambda: make(spec(kind), dtype), optimizer_fn=None)


def pair(kind, dtype="float64"):
    """(TensorFlow model, torch model) with equal weights."""
    return model(kind, "tf", dtype), model(kind, "torch", dtype)


def input_keys(kind):
    """The keys that `batch` and `net` use: "x", or "x0", "x1"."""
    return _keys("x", 1 if kind == "lenet" else len(spec(kind).inputs))


def output_keys(kind):
    """The keys that `net` uses: "y", or "y0", "y1"."""
    return _keys("y", 1 if kind == "lenet" else len(spec(kind).heads))


def net(kind, backend, dtype="float64", **options):
    """The SaliencyNet of the model, one object for all tests of a file: TensorFlow traces each graph once.

    What is kept of one call must not serve another, so tests may share it; those of what is kept take a `fresh_net`.
    """
    return shared_net(kind, backend, dtype, tuple(sorted(options.items())))


@cache
def shared_net(kind, backend, dtype, options):
    """Emptied after each file, by `conftest`."""
    return fresh_net(kind, backend, dtype, **dict(options))


def fresh_net(kind, backend, dtype="float64", **options):
    """A new SaliencyNet of the model; its masks are "saliency", or "saliency0", "saliency1"."""
    maps = _keys("saliency", len(input_keys(kind)))
    return SaliencyNet(model(kind, backend, dtype), input_keys(kind), output_keys(kind), maps, **options)


def rows(kind, count=3, dtype="float64", seed=0):
    """Model inputs as arrays in channels-last: {key: (count, ...)}; each row has a range of its own."""
    rng = np.random.default_rng(seed)
    shapes = ((28, 28, 1),) if kind == "lenet" else spec(kind).inputs
    found = {}
    for key, shape in zip(input_keys(kind), shapes, strict=True):
        scale = rng.uniform(0.5, 1.5, size=(count, *[1] * len(shape)))
        found[key] = (rng.normal(size=(count, *shape)) * scale + rng.normal(size=scale.shape) * 0.3).astype(dtype)
    return found


def batch(kind, backend, count=3, dtype="float64", seed=0):
    """The same rows as tensors in the backend's layout."""
    return {key: to_backend(array, backend) for key, array in rows(kind, count, dtype, seed).items()}


def layer_of(kind, backend, place, dtype="float64"):
    """The name of a layer of a model of one branch."""
    return model(kind, backend, dtype).layers[1 + place].name if backend == "tf" else f"branches.0.{place}"


def to_backend(array, backend):
    """A channels-last array as a tensor in the backend's layout."""
    array = np.asarray(array)
    if backend == "tf":
        return tf.convert_to_tensor(array)
    return torch.from_numpy(np.moveaxis(array, -1, 1).copy() if array.ndim > 2 else array.copy())


def to_host(tensor):
    """A tensor of either backend as a channels-last array."""
    if isinstance(tensor, torch.Tensor):
        array = tensor.detach().cpu().numpy()
        return np.moveaxis(array, 1, -1) if array.ndim > 2 else array
    return np.asarray(tensor)


def maps(attribution):
    """The raw maps of an Attribution, by key, as channels-last arrays."""
    return {key: to_host(tensor) for key, tensor in attribution.maps.items()}


def _keys(name, count):
    return [name] if count == 1 else [f"{name}{index}" for index in range(count)]


def _keras(described, dtype):
    ends, inputs = [], [tf.keras.Input(shape, dtype=dtype) for shape in described.inputs]
    for tensor, layers in zip(inputs, described.branches, strict=True):
        ends.append(_through(tensor, layers, dtype))
    joined = tf.keras.layers.Concatenate(dtype=dtype)(ends) if len(ends) > 1 else ends[0]
    outputs = [_through(joined, layers, dtype) for layers in described.heads]
    return tf.keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0])


def _through(tensor, layers, dtype):
    keras = tf.keras.layers
    for layer in layers:
        if isinstance(layer, Dense):
            made = keras.Dense(layer.bias.size, dtype=dtype)
            tensor = made(tensor)
            made.set_weights([layer.weight, layer.bias])
        elif isinstance(layer, Conv):
            made = keras.Conv2D(layer.bias.size, layer.kernel.shape[:2], dtype=dtype)
            tensor = made(tensor)
            made.set_weights([layer.kernel, layer.bias])
        elif isinstance(layer, Pool):
            tensor = {"average": keras.AveragePooling2D, "max": keras.MaxPooling2D}[layer.name](dtype=dtype)(tensor)
        elif isinstance(layer, Flatten):
            tensor = keras.Flatten(dtype=dtype)(tensor)
        elif isinstance(layer, GlobalAverage):
            tensor = keras.GlobalAveragePooling2D(dtype=dtype)(tensor)
        else:
            tensor = keras.Activation(tf.square if layer.name == "square" else layer.name, dtype=dtype)(tensor)
    return tensor


class _Torch(torch.nn.Module):
    def __init__(self, described, dtype):
        super().__init__()
        self.branches = torch.nn.ModuleList(_sequence(layers) for layers in described.branches)
        self.heads = torch.nn.ModuleList(_sequence(layers) for layers in described.heads)
        self.to(getattr(torch, dtype))

    def forward(self, inputs):
        inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        ends = [branch(tensor) for branch, tensor in zip(self.branches, inputs, strict=True)]
        outputs = [head(torch.cat(ends, dim=1)) for head in self.heads]
        return outputs if len(outputs) > 1 else outputs[0]


class _FlattenChannelsLast(torch.nn.Module):
    def forward(self, tensor):
        return tensor.permute(0, 2, 3, 1).flatten(1)


class _GlobalAverage(torch.nn.Module):
    def forward(self, tensor):
        return tensor.mean(dim=(2, 3))


class _Square(torch.nn.Module):
    def forward(self, tensor):
        return tensor**2


def _sequence(layers):
    return torch.nn.Sequential(*map(_torch_layer, layers))


def _torch_layer(layer):
    nn = torch.nn
    if isinstance(layer, Dense):
        return _with_weights(nn.Linear(*layer.weight.shape), layer.weight.T, layer.bias)
    if isinstance(layer, Conv):
        height, width, channels, filters = layer.kernel.shape
        made = nn.Conv2d(channels, filters, (height, width))
        return _with_weights(made, layer.kernel.transpose(3, 2, 0, 1), layer.bias)
    if isinstance(layer, Pool):
        return {"average": nn.AvgPool2d, "max": nn.MaxPool2d}[layer.name](2)
    if isinstance(layer, Flatten):
        return _FlattenChannelsLast()
    if isinstance(layer, GlobalAverage):
        return _GlobalAverage()
    return {
        "tanh": nn.Tanh(),
        "softplus": nn.Softplus(threshold=100),
        "relu": nn.ReLU(),
        "sigmoid": nn.Sigmoid(),
        "softmax": nn.Softmax(dim=1),
        "square": _Square(),
    }[layer.name]


def _with_weights(layer, weight, bias):
    layer.double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight.copy()))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer


def _lenet(backend):
    from fastestimator.architecture.pytorch import LeNet as TorchLeNet
    from fastestimator.architecture.tensorflow import LeNet as TensorFlowLeNet

    if backend == "tf":
        made = fe.build(model_fn=lambda: TensorFlowLeNet(input_shape=(28, 28, 1)), optimizer_fn=None)
        rng = np.random.default_rng(5)
        made.set_weights([rng.normal(size=w.shape) / np.sqrt(max(1, w[..., 0].size)) for w in made.get_weights()])
        return made
    made = fe.build(model_fn=lambda: TorchLeNet(input_shape=(1, 28, 28)), optimizer_fn=None)
    weights = list(model("lenet", "tf").get_weights())
    with torch.no_grad():
        for parameter, array in zip(made.parameters(), weights, strict=True):
            parameter.copy_(torch.from_numpy(_lenet_weight(array, tuple(parameter.shape))))
    return made


def _lenet_weight(array, shape):
    if array.ndim == 4:
        return array.transpose(3, 2, 0, 1).copy()
    if array.ndim == 2 and array.shape[0] == 3 * 3 * 64:  # the layer after flattening, which torch does channels-first
        array = array.reshape(3, 3, 64, -1).transpose(2, 0, 1, 3).reshape(array.shape)
    return array.T.copy() if array.ndim == 2 else array
