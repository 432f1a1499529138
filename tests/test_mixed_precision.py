"""`fe.build(mixed_precision=True)`: maps are finite, in single precision, and close to those of a model without it."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys, numpy as np, fastestimator as fe
from fe_saliency import SaliencyNet
from fe_saliency.backend.weights import weights_of

backend = sys.argv[1]
shape = (28, 28, 1) if backend == "tf" else (1, 28, 28)
if backend == "tf":
    from fastestimator.architecture.tensorflow import LeNet
else:
    from fastestimator.architecture.pytorch import LeNet
x = np.random.default_rng(0).random((3, *shape)).astype("float32")

def maps(model):
    one = SaliencyNet(model, "x", "y", max_rows=32)
    calls = [dict(), dict(method="smoothgrad_squared"), dict(method="vargrad"), dict(method="integrated_gradients"),
             dict(method="smoothgrad", tolerance=0.3)]
    found = [np.asarray(one.attribute({"x": x}, score="logit", target=1, **call).maps["x"]) for call in calls]
    masks = np.asarray(one.get_smoothed_masks({"x": x})["saliency"])
    assert np.isfinite(masks).all() and masks.max() == 1
    return found

plain = fe.build(lambda: LeNet(input_shape=shape), optimizer_fn="adam")
expected = maps(plain)
mixed = fe.build(lambda: LeNet(input_shape=shape), optimizer_fn="adam", mixed_precision=True)
assert mixed.mixed_precision
mixed.set_weights(plain.get_weights()) if backend == "tf" else mixed.load_state_dict(plain.state_dict())
reached = maps(mixed)
for found, wanted in zip(maps(weights_of(mixed).copy(mixed)), reached):
    np.testing.assert_array_equal(found, wanted)
for found, wanted in zip(reached, expected):
    assert found.dtype == np.float32 and np.isfinite(found).all()
    alike = np.corrcoef(found.ravel(), wanted.ravel())[0, 1]
    assert 0.97 < alike, alike
    assert np.abs(found - wanted).max() > 0, "no less precise: nothing is mixed"
print("close")
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tf", "torch"])
def test_mixed_precision(backend):
    """In a process of its own: in TensorFlow it is a global policy."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, backend], capture_output=True, text=True, timeout=250)
    assert done.stdout.strip().endswith("close"), done.stderr[-2000:]
