"""Targets, layers, baselines, paths, regions and noisy weights, crossed: what each promises holds with the others."""

import numpy as np
import pytest
from helpers import distance, furthest
from models import batch, layer_of, maps, model, net, rows, spec, to_host

from fe_saliency import noisy_weights, smooth
from fe_saliency.backend.weights import weights_of
from fe_saliency.method import FromData, Several
from fe_saliency.target import Contrast, Labels, Mask, Score, Top

KIND, PLACE = "relu_conv", 1  # a picture (6, 6, 4) after the first ReLU
CONTRAST = Contrast(1, 3)


def attributed(backend, method, **options):
    if "layer" in options:
        options["layer"] = layer_of(KIND, backend, options["layer"])
    return net(KIND, backend).attribute(batch(KIND, backend), method, **options)


def found(backend, method, **options):
    """The one map of a call."""
    (array,) = maps(attributed(backend, method, **options)).values()
    return array


@pytest.mark.parametrize(
    "method, options",
    [
        ("gradcam", {"target": CONTRAST}),
        ("gradcam_plus_plus", {"target": Labels({0, 2})}),
        (smooth("layercam"), {"target": Top(2), "layer": PLACE, "nsamples": 3}),
        (noisy_weights("gradcam", 0.1), {"target": CONTRAST, "nsamples": 3}),
        (noisy_weights("blur_integrated_gradients", 0.1), {"target": CONTRAST, "nsamples": (3, 4)}),
        ("fusiongrad", {"target": CONTRAST, "layer": PLACE, "nsamples": (3, 4)}),
        ("blur_integrated_gradients", {"target": Labels({0, 2}), "layer": PLACE, "nsamples": 4}),
        ("idgi", {"target": CONTRAST, "layer": PLACE, "nsamples": 4}),
        ("guided_integrated_gradients", {"target": CONTRAST, "layer": PLACE, "nsamples": 4}),
        (smooth("guided_integrated_gradients"), {"target": CONTRAST, "nsamples": (2, 4), "baseline": "blur"}),
        ("integrated_gradients", {"target": CONTRAST, "layer": PLACE, "nsamples": 4, "baseline": "maximum_distance"}),
        ("idgi", {"target": Top(2), "baseline": Several(["zero", "blur"]), "nsamples": 4}),
        ("xrai", {"target": CONTRAST, "nsamples": 4}),
    ],
)
def test_both_backends_agree(method, options):
    assert distance(*(found(each, method, **options) for each in ("torch", "tf"))) < 1e-5


def test_a_cam_of_a_contrast_is_that_of_the_difference(backend):
    by_hand = Score(lambda output: output[:, 1] - output[:, 3])
    expected = found(backend, "gradcam", target=by_hand)
    assert distance(found(backend, "gradcam", target=CONTRAST), expected) < 1e-12
    assert expected.any() and distance(found(backend, "gradcam", target=1), expected) > 1e-2


def test_a_path_at_a_layer_to_a_mask_in_closed_form(backend):
    """The layer gives h = x ** 2, and the score is linear in it."""
    h, mask = rows("dense")["x"] ** 2, np.random.default_rng(0).random((3, 5, 4)) < 0.5
    said = net("dense", backend).attribute(
        batch("dense", backend),
        "integrated_gradients",
        layer=layer_of("dense", backend, 0),
        target=Mask(2, mask),
        baseline="zero",
        nsamples=3,
    )
    (array,) = maps(said).values()
    assert distance(array, mask[..., None] * h * spec("dense").heads[0][0].kernel[0, 0, :, 2]) < 1e-10
    assert np.abs(said.completeness_gap).max() < 1e-9


@pytest.mark.parametrize(
    "method, options",
    [
        ("blur_integrated_gradients", {}),
        ("integrated_gradients", {"baseline": Several(["blur", "uniform"])}),
        ("integrated_gradients", {"baseline": Several(["zero", 0.5]), "layer": PLACE}),
    ],
)
def test_paths_are_linear_in_the_target(method, options, backend):
    one, other, both, contrast = (
        found(backend, method, target=target, nsamples=4, **options) for target in (1, 3, Labels({1, 3}), CONTRAST)
    )
    assert distance(both, one + other) < 1e-9 and distance(contrast, one - other) < 1e-9


@pytest.mark.parametrize("options", [{"layer": PLACE}, {}])
def test_several_baselines_of_a_contrast_are_averaged(options, backend):
    parts = [attributed(backend, "idgi", target=CONTRAST, nsamples=4, baseline=each, **options) for each in (0, 0.5)]
    said = attributed(backend, "idgi", target=CONTRAST, nsamples=4, baseline=Several([0, 0.5]), **options)
    expected = {key: sum(maps(part)[key] for part in parts) / 2 for key in parts[0].maps}
    assert furthest(maps(said), expected) < 1e-12
    assert said.gradient_evaluations.tolist() == [8] * 3
    np.testing.assert_allclose(to_host(said.scores["y"]), to_host(parts[0].scores["y"]))
    assert np.abs(said.completeness_gap).max() < 1e-9


def test_data_may_be_of_a_layer(backend):
    """Where all data are one row, every draw is that row, given as it is."""
    shape = (4, 6, 6) if backend == "torch" else (6, 6, 4)
    row = np.linspace(0, 1, 144).reshape(shape)
    options = {"layer": PLACE, "nsamples": 4, "target": CONTRAST}
    drawn = found(backend, "expected_gradients", baseline=FromData(row[None]), **options)
    assert distance(drawn, found(backend, "integrated_gradients", baseline=row, **options)) < 1e-9


@pytest.mark.parametrize("method", ["gradcam", "idgi", "guided_integrated_gradients", "xrai"])
def test_noiseless_weights_change_nothing(method, backend):
    before = weights_of(model(KIND, backend)).read(model(KIND, backend))
    nsamples = None if method == "gradcam" else 3
    plain = found(backend, method, target=CONTRAST, nsamples=nsamples)
    noisy = noisy_weights(method, 0.0)
    assert distance(found(backend, noisy, target=CONTRAST, nsamples=(2, 3) if nsamples else 2), plain) < 1e-9
    found(backend, noisy_weights(method, 0.3), target=CONTRAST, nsamples=(2, 3) if nsamples else 2)
    after = weights_of(model(KIND, backend)).read(model(KIND, backend))
    assert all(map(np.array_equal, after, before))


@pytest.mark.parametrize(
    "method, options, message",
    [
        ("expected_gradients", {"layer": PLACE}, r"`baseline` for `.*(branches|re_lu|activation).*` \(a Uniform\)"),
        ("idgi", {"layer": PLACE, "baseline": "uniform"}, r"`baseline` for \['.*(branches|re_lu|activation).*'\]"),
        ("xrai", {"layer": PLACE}, r"`layer` \(='.+'\) must be None for the method 'xrai'"),
        ("gradcam", {"baseline": "zero"}, r"`baseline` must be None for the method 'gradcam'"),
    ],
)
def test_what_does_not_fit_is_refused(method, options, message, backend):
    with pytest.raises(ValueError, match=message):
        attributed(backend, method, **options)
