"""Models that live on several devices: what can be shown of it on a CPU, cut in two for TensorFlow."""

import subprocess
import sys

import fastestimator as fe
import numpy as np
import pytest
import torch
from helpers import distance

from fe_saliency import SaliencyNet

SCRIPT = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import fastestimator as fe
from fe_saliency import SaliencyNet
from fe_saliency.backend.weights import weights_of

def model_fn():
    keras = tf.keras.layers
    layers = [keras.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 2)), keras.BatchNormalization()]
    return tf.keras.Sequential([*layers, keras.Flatten(), keras.Dense(3)])

def maps(model):
    x = np.random.default_rng(0).normal(size=(5, 8, 8, 2)).astype("float32")
    one = SaliencyNet(model, "x", "y", max_rows=16)
    calls = [dict(), dict(method="smoothgrad", nsamples=9), dict(method="integrated_gradients", nsamples=8),
             dict(method="smoothgrad", tolerance=0.3), dict(method="noisegrad", nsamples=4)]
    return [one.attribute({"x": x}, **call).maps["x"].numpy() for call in calls]

alone = fe.build(model_fn, optimizer_fn="adam")
expected = maps(alone)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
tf.distribute.experimental_set_strategy(strategy)  # as FastEstimator does where there are several GPUs
mirrored = fe.build(model_fn, optimizer_fn="adam")
assert "Mirrored" in type(mirrored.variables[0]).__name__, "nothing is mirrored: nothing is shown"
assert strategy.num_replicas_in_sync == 2
mirrored.set_weights(alone.get_weights())
copy = weights_of(mirrored).copy(mirrored)
for made in (mirrored, copy):
    for found, wanted in zip(maps(made), expected):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)
weights_of(copy).write(copy, [array + 1 for array in weights_of(copy).read(copy)])
assert np.abs(maps(copy)[0] - expected[0]).max() > 0.1, "the copy reads the model's weights"
assert all((a == b).all() for a, b in zip(mirrored.get_weights(), alone.get_weights()))
print("equal")
"""


@pytest.mark.slow
def test_a_mirrored_tensorflow_model_gives_the_same_maps():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=250)
    assert done.stdout.strip().endswith("equal"), done.stderr[-2000:]


def test_a_parallel_torch_model_gives_the_same_maps():
    """FastEstimator wraps torch models so where there are several GPUs."""
    torch.manual_seed(0)
    inner = torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 3))
    x = np.random.default_rng(0).normal(size=(5, 2, 8, 8)).astype("float32")
    found = [
        SaliencyNet(fe.build(lambda made=made: made, optimizer_fn=None), "x", "y", max_rows=16)
        .attribute({"x": x}, method, nsamples=9)
        .maps["x"]
        for method in ("smoothgrad", "noisegrad")
        for made in (inner, torch.nn.DataParallel(inner))
    ]
    assert distance(found[1], found[0]) < 1e-6 and distance(found[3], found[2]) < 1e-6
