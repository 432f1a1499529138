"""XRAI: the ranking of regions by hand and against PAIR saliency, the segments against PAIR, and the whole of it."""

import sys

import numpy as np
import pytest
from helpers import distance, furthest
from models import batch, maps, net, rows, to_host
from saliency.core import XRAI, XRAIParameters, xrai

from fe_saliency import integrated, regions, segments, smooth
from fe_saliency.engine import Engine
from fe_saliency.method import Regions
from fe_saliency.method.region_map import Extreme

RNG = np.random.default_rng(0)


def photo(size=224, channels=3):
    """A few blots of colour, and noise."""
    y, x = np.mgrid[:size, :size] / size
    blots = sum(
        np.exp(-((x - RNG.random()) ** 2 + (y - RNG.random()) ** 2) / 0.02)[..., None] * RNG.normal(size=channels)
        for _ in range(6)
    )
    return blots + 0.02 * RNG.normal(size=(size, size, channels))


def test_ranked_by_hand():
    """Two regions that overlap, one inside of another, and a pixel in none: 8 pixels in a row."""
    values = np.array([[9.0, 7, 5, 1, 1, 1, -2, -6]])
    masks = np.zeros((4, 1, 8), bool)
    masks[0, 0, :2], masks[1, 0, 1:4], masks[2, 0, :1], masks[3, 0, 3:7] = True, True, True, True
    # The mean of what is new: {0} 9; then {1, 2, 3} 13/3 or {1} 7; then {2, 3} 3; then {4, 5, 6} 0; and {7} is in none.
    np.testing.assert_allclose(Regions(least=0).ranked(values, masks), [[9, 7, 3, 3, 0, 0, 0, -6]])
    # Regions that add fewer than 2 of 8 pixels are left out: {0, 1} 8, {2, 3} 3, {4, 5, 6} 0.
    np.testing.assert_allclose(Regions(least=2 / 8).ranked(values, masks), [[8, 8, 3, 3, 0, 0, 0, -6]])


@pytest.mark.parametrize("count", [1, 8, 60])
def test_the_ranking_is_that_of_pair(count):
    """PAIR leaves out regions that add fewer than 50 pixels, here it is a share of the image, the same at 224 x 224."""
    base = RNG.normal(size=(40, 40, 3))
    y, x = np.mgrid[:40, :40]
    masks = np.stack([np.hypot(x - RNG.integers(40), y - RNG.integers(40)) < RNG.integers(3, 16) for _ in range(count)])
    expected = XRAI().GetMask(base, None, segments=list(masks), base_attribution=base)
    assert distance(Regions(least=50 / 1600).ranked(base.max(axis=-1), masks)[None], expected[None]) < 1e-9


def test_the_segments_are_those_of_pair_at_their_size(monkeypatch):
    image = photo()
    monkeypatch.setattr(xrai, "_FELZENSZWALB_SCALE_VALUES", [250, 1200])
    expected = np.stack(xrai._get_segments_felzenszwalb(image))
    found = segments.felzenszwalb(image, [250, 1200])
    assert found.shape == expected.shape and len(found) >= 5
    assert (found != expected).mean() < 1e-3


@pytest.mark.parametrize("shape", [(28, 28, 1), (30, 50, 2), (16, 16, 7)])
def test_segments_cover_images_of_any_kind(shape):
    masks = segments.felzenszwalb(RNG.normal(size=shape).astype("float32"), [100])
    assert masks.shape[1:] == shape[:2] and masks.dtype == bool and masks.any(axis=0).all()
    assert segments.felzenszwalb(np.full(shape, 3.0), [100]).all(), "a constant image is one segment"


def test_black_and_white_averaged_and_ranked(backend):
    given, one = batch("relu_conv", backend), net("relu_conv", backend)
    images = rows("relu_conv")["x"]
    said = one.attribute(given, "xrai", nsamples=6)
    ends = [getattr(images, end)(axis=(1, 2, 3), keepdims=True) * np.ones_like(images) for end in ("min", "max")]
    moved = ends if backend == "tf" else [np.moveaxis(each, -1, 1) for each in ends]
    base = [one.attribute(given, "integrated_gradients", nsamples=6, baseline=each) for each in moved]
    mean = (maps(base[0])["x"] + maps(base[1])["x"]) / 2
    expected = np.stack([Regions().of(*each) for each in zip(images, mean, strict=True)])[..., None]
    assert maps(said)["x"].shape == (3, 8, 8, 1)
    assert distance(maps(said)["x"], expected) < 1e-9
    np.testing.assert_array_equal(said.gradient_evaluations, [12, 12, 12])
    gap = (base[0].completeness_gap + base[1].completeness_gap) / 2
    np.testing.assert_allclose(said.completeness_gap, gap, atol=1e-12)


def test_of_sums_over_the_channels_the_map_sums_to_what_it_was_made_of(backend):
    method = regions(ranking=Regions(channels="sum"))
    one, given = net("relu_conv", backend), batch("relu_conv", backend)
    found, base = (
        maps(one.attribute(given, each, nsamples=6, baseline=0.1))["x"] for each in (method, "integrated_gradients")
    )
    assert distance(found.sum(axis=(1, 2, 3))[None], base.sum(axis=(1, 2, 3))[None]) < 1e-9


@pytest.mark.parametrize("method", ["xrai", smooth("xrai")])
@pytest.mark.parametrize("kind", ["relu_conv", "two_inputs"])
def test_both_backends_agree(kind, method):
    nsamples = 4 if method == "xrai" else (2, 3)
    found = [net(kind, each).attribute(batch(kind, each), method, nsamples=nsamples) for each in ("torch", "tf")]
    assert furthest(*map(maps, found)) < 1e-9
    for key in found[0].targets:
        np.testing.assert_array_equal(*(to_host(each.targets[key]) for each in found))


@pytest.mark.parametrize(
    "inner, options, times",
    [
        ("integrated_gradients", {"nsamples": 4}, 2),
        ("guided_integrated_gradients", {"nsamples": 4}, 2),
        (smooth(integrated("gradient")), {"nsamples": (2, 3), "baseline": 0.1}, 1),
        ("gradient_x_input", {}, 1),
        ("gradcam", {}, 1),
    ],
)
def test_any_method_by_regions(inner, options, times, backend):
    """Its own map, ranked; of a path without a baseline the mean of those from black and from white."""
    one, given, images = net("relu_conv", backend), batch("relu_conv", backend), rows("relu_conv")["x"]
    said = one.attribute(given, regions(inner), **options)
    starts = [{"baseline": Extreme(end)} for end in ("min", "max")] if times == 2 else [{}]
    several = [one.attribute(given, inner, **options, **start) for start in starts]
    base = np.mean([maps(each)["x"] for each in several], axis=0)
    expected = np.stack([Regions().of(*each) for each in zip(images, base, strict=True)])[..., None]
    assert distance(maps(said)["x"], expected) < 1e-9
    np.testing.assert_array_equal(said.gradient_evaluations, times * several[0].gradient_evaluations)


def test_regions_of_a_path_are_xrai(backend):
    one, given = net("relu_conv", backend), batch("relu_conv", backend)
    found = [maps(one.attribute(given, method, nsamples=3))["x"] for method in ("xrai", regions())]
    np.testing.assert_array_equal(*found)


def test_regions_of_regions_are_refused():
    with pytest.raises(ValueError, match=r"`method` \(='xrai'\) must be one without regions"):
        regions("xrai")


def test_what_has_no_regions_is_refused(backend):
    with pytest.raises(ValueError, match=r"'xrai' needs an image, .* none of the inputs \['x'\] is one"):
        net("smooth_mlp", backend).attribute(batch("smooth_mlp", backend), "xrai")


def test_without_scikit_image_it_says_what_to_install(monkeypatch, backend):
    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    monkeypatch.setattr(Engine, "run", None)  # which is not called: no work is lost
    with pytest.raises(ImportError, match=r"scikit-image: pip install 'fe_saliency\[regions\]'"):
        net("relu_conv", backend).attribute(batch("relu_conv", backend), "xrai")


@pytest.mark.parametrize("wrong", [{"channels": "mean"}, {"scales": ()}, {"scales": (50, 0)}, {"least": 1}])
def test_wrong_settings(wrong):
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` .* must "):
        Regions(**wrong)
    assert XRAIParameters().experimental_params["min_pixel_diff"] == round(Regions().least * 224**2)


def test_what_ranks_regions_is_checked_at_once():
    assert Regions([50, 100]) == Regions((50, 100)) and hash(Regions([50, 100]))
    with pytest.raises(TypeError, match=r"`ranking` \(=3\) must be a `Regions`"):
        regions("gradient", 3)
