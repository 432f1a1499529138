"""Important Direction Gradient Integration: in closed form, in NumPy, and its sums."""

import numpy as np
import pytest
import reference
from helpers import distance, furthest
from models import batch, input_keys, maps, net, rows, spec

from fe_saliency import Method, smooth
from fe_saliency.method import BlurPath, ImportantDirection, Noise, Path, find

TARGET = np.array([1, 2, 0])
BASELINE = {"x": 0.3, "x0": 0.3, "x1": -0.5}
ON_A_BLUR = Method("mine", "Mine", "none", (ImportantDirection(BlurPath("trapezoid", 4.0)),))


def baseline(kind):
    return {key: BASELINE[key] for key in input_keys(kind)}


def derived(kind, nsamples):
    """After the paper's algorithm 1, which the authors' own code follows too: their repository is no package."""

    def explain(s, inputs):
        total = [np.zeros(x.shape) for x in inputs]
        starts = [np.full(x.shape, BASELINE[key]) for key, x in zip(input_keys(kind), inputs, strict=True)]

        def point(k):
            return [b + k / (nsamples - 1) * (x - b) for b, x in zip(starts, inputs, strict=True)]

        for k in range(nsamples - 1):
            squares = [g**2 for g in reference.gradient(s, point(k))]
            here, there = (s([x[None] for x in point(at)])[0] for at in (k, k + 1))
            for sum_, square in zip(total, squares, strict=True):
                sum_ += square / sum(each.sum() for each in squares) * (there - here)
        return total

    return explain


@pytest.mark.parametrize("kind", ["smooth_conv", "two_inputs"])
def test_in_numpy(kind, backend):
    found = net(kind, backend).attribute(
        batch(kind, backend), "idgi", nsamples=5, target=TARGET, baseline=baseline(kind)
    )
    expected = reference.over_rows(kind, rows(kind), [TARGET], derived(kind, 5))
    assert furthest(maps(found), expected) < 1e-6


def test_in_closed_form(backend):
    """Of a linear score the gradient is w everywhere."""
    found = net("linear", backend).attribute(batch("linear", backend), "idgi", nsamples=4, target=TARGET)
    weight = spec("linear").heads[0][0].weight[:, TARGET].T
    x = rows("linear")["x"]
    share = weight**2 / (weight**2).sum(axis=1, keepdims=True)
    assert distance(maps(found)["x"], share * (weight * x).sum(axis=1, keepdims=True)) < 1e-12


@pytest.mark.parametrize("method", ["idgi", ON_A_BLUR])
@pytest.mark.parametrize("nsamples", [2, 3, 8])
def test_it_is_complete_whatever_the_number_of_points(nsamples, method, backend):
    found = net("smooth_conv", backend).attribute(batch("smooth_conv", backend), method, nsamples=nsamples)
    assert np.abs(found.completeness_gap).max() < 1e-12
    assert (found.gradient_evaluations == nsamples).all()


@pytest.mark.parametrize("method", ["idgi", ON_A_BLUR, smooth("idgi")])
@pytest.mark.parametrize("kind", ["relu_conv", "two_inputs"])
def test_both_backends_agree(kind, method):
    nsamples = 6 if method in ("idgi", ON_A_BLUR) else (3, 4)
    found = [maps(net(kind, each).attribute(batch(kind, each), method, nsamples=nsamples)) for each in ("torch", "tf")]
    assert furthest(*found) < 1e-9


@pytest.mark.parametrize("max_rows", [1, 2, 4, 7])
def test_chunks_change_nothing(max_rows, backend):
    one, fed = net("two_inputs", backend), batch("two_inputs", backend)
    for method, nsamples in (("idgi", 6), (smooth("idgi"), (3, 4))):
        whole, cut = (maps(one.attribute(fed, method, nsamples=nsamples, max_rows=each)) for each in (1000, max_rows))
        assert furthest(cut, whole) < 1e-12


def test_small_gradients_are_not_lost(backend):
    """Of a saturated softmax they are so small that their squares are nothing in single precision."""
    one, fed = net("saturated", backend, "float32"), batch("saturated", backend, dtype="float32")
    gradient = maps(one.attribute(fed))["x"]
    assert 0 < np.abs(gradient).max() < 1e-20
    found = one.attribute(fed, "idgi", nsamples=3, score="log_probability")
    assert np.isfinite(maps(found)["x"]).all()
    assert np.abs(found.completeness_gap).max() < 1e-6


def test_where_there_is_no_gradient_there_is_no_direction(backend):
    """(w x ** 2) is flat at zero: with two points all of the change is lost, and the gap tells."""
    found = net("quadratic", backend).attribute(batch("quadratic", backend), "idgi", nsamples=2, target=TARGET)
    assert not maps(found)["x"].any()
    weight = spec("quadratic").heads[0][-1].weight[:, TARGET].T
    np.testing.assert_allclose(found.completeness_gap, -(weight * rows("quadratic")["x"] ** 2).sum(axis=1))


def test_random_baselines_are_refused(backend):
    with pytest.raises(
        ValueError, match=r"`baseline` for \['x'\] must not be random.*ImportantDirection needs all points"
    ):
        net("smooth_mlp", backend).attribute(batch("smooth_mlp", backend), "idgi", baseline="uniform")


def test_zero_is_the_default(backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    assert furthest(*(maps(one.attribute(fed, "idgi", **said)) for said in ({}, {"baseline": "zero"}))) == 0


def test_a_tolerance_is_refused(backend):
    with pytest.raises(ValueError, match="`tolerance` must be None"):
        net("smooth_mlp", backend).attribute(batch("smooth_mlp", backend), "idgi", tolerance=0.1)


def test_a_path_that_does_not_end_at_the_input_is_refused():
    with pytest.raises(ValueError, match="`path` .* must go from end to end"):
        ImportantDirection(Path("midpoint"))


def test_it_stands_innermost():
    with pytest.raises(ValueError, match="must have ImportantDirection as the last, the innermost one"):
        Method("mine", "Mine", "none", (*find("idgi").brackets, Noise()))
