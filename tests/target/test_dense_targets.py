"""Masks and pixels of a segmentation, in closed form: each pixel of the model is w * x ** 2 of the same pixel."""

import numpy as np
import pytest
import reference
from helpers import distance, furthest
from models import batch, maps, net, rows, spec, to_backend, to_host

from fe_saliency.backend import by_name
from fe_saliency.target import Contrast, Mask, Pixel, Score

RNG = np.random.default_rng(3)
MASK = RNG.random((3, 5, 4)) < 0.4
LABEL = np.array([2, 0, 1])


def x():
    return rows("dense")["x"]


def weight(kind="dense"):
    """(2, C)."""
    return spec(kind).heads[0][0].kernel[0, 0]


def units(kind="dense"):
    """(3, 5, 4, C)."""
    return x() ** 2 @ weight(kind) + spec(kind).heads[0][0].bias


def predicted(index):
    return units().argmax(axis=-1) == np.reshape(index, (-1, 1, 1))


def only(row, column):
    where = np.zeros((3, 5, 4), bool)
    where[np.arange(3), row, column] = True
    return where


def everywhere(where):
    return np.broadcast_to(where, (3, 5, 4))


#: name -> (target, class of each row, pixels that count)
TARGETS = {
    "predicted": (Mask(1), 1, predicted(1)),
    "predicted_per_row": (Mask(LABEL), LABEL, predicted(LABEL)),
    "predicted_key": (Mask("label"), LABEL, predicted(LABEL)),
    "given": (Mask(2, MASK), 2, MASK),
    "given_numbers": (Mask(LABEL, MASK.astype("float32")), LABEL, MASK),
    "given_channels_last": (Mask(2, MASK[..., None]), 2, MASK),
    "given_channels_first": (Mask(2, MASK[:, None]), 2, MASK),
    "given_one": (Mask(0, MASK[1]), 0, everywhere(MASK[1])),
    "given_key": (Mask("label", "mask"), LABEL, MASK),
    "empty": (Mask(2, np.zeros((5, 4), bool)), 2, everywhere(False)),
    "pixel": (Pixel(1, 3, 2), 2, only(1, 3)),
    "pixels": (Pixel(LABEL, "column", 1), 1, only(LABEL, [3, 0, 2])),
    "pixel_predicted": (Pixel(4, 0), units().argmax(axis=-1)[:, 4, 0], only(4, 0)),
}


def fed(backend):
    return {**batch("dense", backend), "label": LABEL, "mask": MASK, "column": np.array([3, 0, 2])}


@pytest.mark.parametrize("name", TARGETS)
def test_gradient_and_what_is_told(name, backend):
    target, index, where = TARGETS[name]
    said = net("dense", backend).attribute(fed(backend), target=target)
    chosen = weight().T[np.broadcast_to(index, 3)][:, None, None]  # (3, 1, 1, 2)
    assert distance(maps(said)["x"], 2 * x() * chosen * where[..., None]) < 1e-12
    scores = np.take_along_axis(units(), np.broadcast_to(index, 3)[:, None, None, None], axis=-1)[..., 0]
    np.testing.assert_allclose(to_host(said.scores["y"]), (scores * where).sum(axis=(1, 2)), rtol=1e-10, atol=1e-12)
    assert to_host(said.targets["y"]).tolist() == to_host(said.predictions["y"]).tolist() == [-1] * 3
    assert np.isnan(to_host(said.margins["y"])).all()


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("max_rows", [1, 100])
def test_held_for_every_sample(name, max_rows, backend):
    """Mirrored noise leaves a linear gradient, unless the mask moves with it; along a path from 0 it would move too."""
    target, index, where = TARGETS[name]
    explainer, options = net("dense", backend), {"target": target, "max_rows": max_rows}
    chosen = weight().T[np.broadcast_to(index, 3)][:, None, None] * where[..., None]
    smoothed = explainer.attribute(fed(backend), "smoothgrad", nsamples=6, stdev_spread=1.0, **options)
    assert distance(maps(smoothed)["x"], 2 * x() * chosen) < 1e-12
    path = explainer.attribute(fed(backend), "integrated_gradients", nsamples=4, baseline="zero", **options)
    assert distance(maps(path)["x"], x() ** 2 * chosen) < 1e-12
    assert np.abs(path.completeness_gap).max() < 1e-12


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("score", ["logit", "log_probability", "probability"])
def test_the_scale_is_that_of_each_pixel(name, score, backend):
    target, index, where = TARGETS[name]
    said = net("dense", backend).decide(fed(backend), target=target, score=score)
    scores = reference.on_scale(units().reshape(-1, 3), score, False).reshape(3, 5, 4, 3)
    scores = np.take_along_axis(scores, np.broadcast_to(index, 3)[:, None, None, None], axis=-1)[..., 0]
    np.testing.assert_allclose(to_host(said.scores["y"]), (scores * where).sum(axis=(1, 2)), rtol=1e-9, atol=1e-12)


def test_gradient_of_a_log_probability(backend):
    share = np.exp(units()) / np.exp(units()).sum(axis=-1, keepdims=True)
    expected = 2 * x() * (weight()[:, 2] - share @ weight().T) * MASK[..., None]
    said = net("dense", backend).attribute(fed(backend), target=Mask(2, MASK), score="log_probability")
    assert distance(maps(said)["x"], expected) < 1e-10


@pytest.mark.parametrize("index", [0, 1])
def test_one_channel_is_two_classes(index, backend):
    y = units("dense_logit")[..., 0]
    sign = 2 * index - 1
    where = (y > 0) == bool(index)
    assert where.any() and not where.all()
    said = net("dense_logit", backend).attribute(batch("dense", backend), target=Mask(index), score="logit")
    expected = sign * 2 * x() * weight("dense_logit")[:, 0] * where[..., None]
    assert distance(maps(said)["x"], expected) < 1e-12


@pytest.mark.parametrize("name", ["predicted_per_row", "given_key", "pixel_predicted"])
def test_both_backends_agree(name):
    found = [
        maps(
            net("dense", each).attribute(
                fed(each),
                "smoothed_integrated_gradients",
                nsamples=(4, 3),
                target=TARGETS[name][0],
                score="probability",
                max_rows=size,
            )
        )
        for each, size in (("torch", 100), ("tf", 100), ("tf", 3))
    ]
    for other in found[1:]:
        assert furthest(other, found[0]) < 1e-9


def test_contrast_of_masks_and_any_score(backend):
    explainer = net("dense", backend)
    contrast = explainer.attribute(fed(backend), target=Contrast(Mask(2, MASK), Mask(0, MASK)))
    expected = 2 * x() * (weight()[:, 2] - weight()[:, 0]) * MASK[..., None]
    assert distance(maps(contrast)["x"], expected) < 1e-12

    def first(y):
        return y[:, 0, 0, 0]  # class 0 of the first pixel in either layout

    said = explainer.attribute(fed(backend), target=Score(first))
    assert distance(maps(said)["x"], 2 * x() * weight()[:, 0] * only(0, 0)[..., None]) < 1e-12


def test_pixels_are_counted_row_by_row(backend):
    found = to_host(by_name(backend).pixels(to_backend(units(), backend)))
    np.testing.assert_array_equal(found, units().reshape(-1, 3))
