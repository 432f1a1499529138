"""The randomisation test, stage by stage."""

import numpy as np
import pytest
from helpers import distance
from models import batch, layer_of, maps, net, spec
from scipy.stats import spearmanr
from test_emprt import IgnoresTheModel

from fe_saliency import Method
from fe_saliency.backend.weights import weights_of
from fe_saliency.control import Randomised, emprt, mprt


@pytest.mark.slow
@pytest.mark.parametrize("order", ["top_down", "bottom_up", "independent"])
def test_every_stage_is_compared_with_the_original(order, backend):
    one, fed = net("relu_conv", backend), batch("relu_conv", backend)
    found = mprt(one, fed, "smoothgrad", order=order, seed=2, nsamples=4)
    original = one.attribute(fed, "smoothgrad", nsamples=4)
    copy = Randomised(one.model, seed=2)
    for stage, layer in enumerate(copy.stages(order)):
        other = one.on(copy.model).attribute(fed, "smoothgrad", nsamples=4, target=original.targets)
        a, b = (maps(each)["x"] for each in (original, other))
        assert found.layers[stage] == layer
        for row in range(3):
            ranks = spearmanr(*(np.abs(each[row]).sum(axis=-1).ravel() for each in (a, b))).statistic
            angle = (a[row] * b[row]).sum() / np.sqrt((a[row] ** 2).sum() * (b[row] ** 2).sum())
            assert found.rank_correlation[stage, row] == pytest.approx(ranks, abs=1e-12)
            assert found.cosine[stage, row] == pytest.approx(angle, abs=1e-12)
    assert found.cosine.shape == (3, 3)
    assert (found.cosine < 0.999).any()


def test_orders_end_alike_and_begin_at_their_ends(backend):
    one, fed = net("smooth_conv", backend), batch("smooth_conv", backend)
    down, up = (mprt(one, fed, order=order) for order in ("top_down", "bottom_up"))
    assert (
        down.layers == up.layers[::-1] == tuple(name for name, _ in reversed(weights_of(one.model).layers(one.model)))
    )
    assert distance(down.cosine[-1:], up.cosine[-1:]) < 1e-12
    assert distance(down.cosine[:1], up.cosine[:1]) > 0.01


def test_a_method_that_ignores_the_model_stays_the_same(backend):
    method = Method("size", "Size of the input", "none", (IgnoresTheModel(),))
    found = mprt(net("relu_conv", backend), batch("relu_conv", backend), method, nsamples=2)
    np.testing.assert_allclose(found.rank_correlation, 1, rtol=1e-12)


def test_a_linear_model_in_closed_form(backend):
    """Its gradient is a column of the weights, before and after."""
    one = net("linear", backend)
    copy = Randomised(one.model, seed=1)
    copy.shuffle()
    after = weights_of(copy.model).read(copy.model)[0]
    a = spec("linear").heads[0][0].weight[:, 2]
    b = (after if backend == "tf" else after.T)[:, 2]
    found = mprt(one, batch("linear", backend), seed=1, target=2)
    np.testing.assert_allclose(found.cosine, a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_both_backends_agree_on_several_inputs():
    found = [mprt(net("two_inputs", backend), batch("two_inputs", backend), seed=1) for backend in ("tf", "torch")]
    assert found[0].cosine.shape == (4, 3)
    np.testing.assert_allclose(found[0].cosine, found[1].cosine, atol=1e-12)


def test_an_unknown_order_is_refused_first():
    with pytest.raises(ValueError, match=r"`order` \(='down'\) must be one of 'bottom_up', 'top_down', 'independent'"):
        mprt(None, {}, order="down")


@pytest.mark.parametrize("how", [{"method": "gradcam"}, {"method": "gradient", "layer": 1}])
@pytest.mark.parametrize("test", [emprt, mprt])
def test_what_looks_into_layers_is_refused_where_copies_have_none(test, how, backend):
    one, fed = net("squeeze", backend), batch("squeeze", backend)
    if backend == "torch":
        test(one, fed, **{**how, "layer": layer_of("squeeze", backend, 1)})
        return
    with pytest.raises(
        ValueError, match=rf"`method` \(='{how['method']}'\) looks into a layer .* no layers in TensorFlow"
    ):
        test(one, fed, **how)
