"""Integrated Gradients along a blur: in closed form, in NumPy, and against PAIR saliency."""

import additive
import numpy as np
import pair
import pytest
import reference
from helpers import distance, furthest
from models import batch, maps, net, rows, to_backend
from saliency.core import BlurIG
from scipy.ndimage import gaussian_filter

from fe_saliency import Method, smooth
from fe_saliency.method import BlurPath, find

TARGET = np.array([1, 2, 0])
TOLERANCE = {"smooth_conv": 0.01, "relu_conv": 0.05}


def blurring(sigma, **more):
    """The method with another scale of the blur."""
    return Method("mine", "Mine", "none", (BlurPath(max_sigma=sigma, **more),))


def blurred(image, sigma):
    """Every axis but the channels convolved with a Gaussian, one pixel after the other."""
    for axis in range(image.ndim - 1):
        lines, size = np.moveaxis(image, axis, 0), image.shape[axis]
        line = np.exp(-(np.arange(-999, 1000.0) ** 2) / (2 * sigma**2))
        share = {d: np.exp(-(d**2) / (2 * sigma**2)) / line.sum() for d in range(-size, size)}
        summed = [sum(share[i - j] * lines[j] for j in range(size)) for i in range(size)]
        image = np.moveaxis(np.stack(summed), 0, axis)
    return image


def derived(kind, row, target, sigma, nsamples):
    """The integral over the scale, each step at its middle, of the gradient times the change of the blurred copy."""
    s, x = reference.scorer(kind, [target]), [row]
    total = np.zeros(row.shape)
    for k in range(nsamples):
        left = 1 - (k + 0.5) / nsamples
        (g,) = reference.gradient(s, [blurred(x[0], sigma * left**2)])
        step = 1e-5
        change = (blurred(x[0], sigma * (left - step) ** 2) - blurred(x[0], sigma * (left + step) ** 2)) / (2 * step)
        total += g * change / nsamples
    return total


def test_in_closed_form(backend):
    found = additive.net(backend).attribute(
        {"x": to_backend(additive.X, backend)}, blurring(20.0), nsamples=1200, target=0
    )
    expected = additive.expected(np.stack([blurred(image, 20.0) for image in additive.X]))
    assert distance(maps(found)["x"], expected) < 1e-3
    assert np.abs(found.completeness_gap).max() < 1e-3


def test_in_numpy(backend):
    found = maps(
        net("smooth_conv", backend).attribute(batch("smooth_conv", backend), blurring(3.0), nsamples=7, target=TARGET)
    )
    images = rows("smooth_conv")["x"]
    expected = [derived("smooth_conv", row, target, 3.0, 7) for row, target in zip(images, TARGET, strict=True)]
    assert distance(found["x"], np.stack(expected)) < 1e-6


def test_it_sums_to_the_score_less_that_of_the_blurred_input(backend):
    found = net("two_inputs", backend).attribute(
        batch("two_inputs", backend), blurring(4.0), nsamples=500, target=TARGET
    )
    given = rows("two_inputs")
    for row, target in enumerate(TARGET):
        s = reference.scorer("two_inputs", [target])
        image, table = given["x0"][row], given["x1"][row]
        whole = s([image[None], table[None]]) - s([blurred(image, 4.0)[None], table[None]])
        total = sum(array[row].sum() for array in maps(found).values())
        assert abs(total - whole) < 1e-4
        assert abs(found.completeness_gap[row] - (total - whole)) < 1e-9
    assert not maps(found)["x1"].any(), "a table is not blurred"


@pytest.mark.parametrize("kind", ["smooth_conv", "relu_conv"])
def test_it_is_that_of_pair_in_the_limit(kind, backend):
    """PAIR takes the left end of each step, and a difference quotient of 0.01 pixels for the change of the copy; its
    kernel is cut off at four sigma, and by how many pixels that is jumps. So the two agree in the limit of many steps
    and no sooner."""
    image = rows(kind)["x"][0]
    expected = BlurIG().GetMask(image, pair.gradients(kind, 1), max_sigma=5, steps=4000, batch_size=1000)
    found = net(kind, backend).attribute(batch(kind, backend), blurring(5.0), nsamples=200, target=1)
    assert distance(maps(found)["x"][:1], expected[None]) < TOLERANCE[kind]


def test_the_blur_is_that_of_scipy():
    image = rows("smooth_conv")["x"][0]
    expected = gaussian_filter(image, (2.0, 2.0, 0), mode="constant", truncate=12)
    assert np.abs(blurred(image, 2.0) - expected).max() < 1e-9


@pytest.mark.parametrize("kind", ["relu_conv", "two_inputs"])
def test_both_backends_agree(kind):
    for method in (blurring(5.0), smooth(blurring(5.0)), blurring(5.0, rule="gauss_legendre")):
        nsamples = (3, 4) if len(method.brackets) == 2 else 6
        found = [
            maps(net(kind, each).attribute(batch(kind, each), method, nsamples=nsamples, target=TARGET))
            for each in ("torch", "tf")
        ]
        assert furthest(*found) < 1e-9


def test_single_precision_and_chunks_change_little(backend):
    one, fed = net("smooth_conv", backend, "float32"), batch("smooth_conv", backend, dtype="float32")
    truth = maps(net("smooth_conv", backend).attribute(batch("smooth_conv", backend), "blur_integrated_gradients"))
    for max_rows in (1, 7, 1000):
        found = maps(one.attribute(fed, "blur_integrated_gradients", max_rows=max_rows))
        assert furthest(found, truth) < 1e-4


def test_refined_to_a_tolerance(backend):
    found = net("smooth_conv", backend).attribute(
        batch("smooth_conv", backend), "blur_integrated_gradients", tolerance=0.05, nsamples=257
    )
    assert found.met_tolerance.all() and (found.relative_error <= 0.05).all()


def test_what_cannot_be_blurred_is_refused(backend):
    with pytest.raises(ValueError, match=r"inputs \['x'\] have shapes \[\(3, 6\)\], but one must have an axis"):
        net("smooth_mlp", backend).attribute(batch("smooth_mlp", backend), "blur_integrated_gradients")


def test_its_baseline_is_its_own(backend):
    with pytest.raises(ValueError, match="`baseline` must be None for .*'blur_integrated_gradients'"):
        net("smooth_conv", backend).attribute(
            batch("smooth_conv", backend), "blur_integrated_gradients", baseline="zero"
        )


@pytest.mark.parametrize("sigma, error", [(0, ValueError), (-1.0, ValueError), ("5", TypeError)])
def test_wrong_scales(sigma, error):
    with pytest.raises(error, match="`max_sigma`"):
        BlurPath(max_sigma=sigma)


def test_the_published_scale_is_the_default():
    assert find("blur_integrated_gradients").brackets[0].max_sigma == 50
