"""Accuracy on demand: rows are refined until their error is small enough, and pay for no more than that."""

from functools import cache

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import distance
from models import batch, maps, net, rows, to_backend
from test_driver import X, recorded

from fe_saliency import SaliencyNet

DRAWN = [("smoothgrad", {}), ("smoothgrad_squared", {}), ("integrated_gradients", {})]
CASES = [*DRAWN, ("vargrad", {}), ("integrated_gradients", {"baseline": "zero"})]


def errors(found, truth):
    """The relative error of each row's map."""
    away = (maps(found)["x"] - maps(truth)["x"]).reshape(len(found.gradient_evaluations), -1)
    return np.linalg.norm(away, axis=1) / np.linalg.norm(maps(truth)["x"].reshape(away.shape), axis=1)


@cache
def truth(method, baseline=None):
    """The maps of so many samples that their error is nothing beside a tolerance; both backends draw the same."""
    return net("smooth_conv", "torch").attribute(
        batch("smooth_conv", "torch", count=8), method, nsamples=4000, seed=9, baseline=baseline
    )


@pytest.mark.slow
@pytest.mark.parametrize("method, options", CASES)
def test_what_met_the_tolerance_is_that_accurate(method, options, backend):
    one, given = net("smooth_conv", backend), batch("smooth_conv", backend, count=8)
    tolerance = 0.2 if method == "vargrad" else 0.08
    found = one.attribute(given, method, tolerance=tolerance, nsamples=4000, **options)
    assert found.met_tolerance.all() and (found.relative_error <= tolerance).all()
    away = errors(found, truth(method, **options))
    # The estimate is one of few samples, and a row stops where it happens to be small: a little over it is fair.
    assert np.sqrt(np.mean(away**2)) < 1.2 * tolerance and away.max() < 2 * tolerance


@pytest.mark.parametrize("method, options", DRAWN)
def test_half_the_tolerance_takes_about_four_times_the_gradients(method, options):
    one, given = net("smooth_conv", "torch"), batch("smooth_conv", "torch", count=8)
    spent = [
        one.attribute(given, method, tolerance=tolerance, nsamples=10_000, **options).gradient_evaluations.mean()
        for tolerance in (0.06, 0.03)
    ]
    assert 2.5 < spent[1] / spent[0] < 6


@pytest.mark.parametrize("method, options", CASES)
def test_a_row_is_refined_for_itself(method, options, backend):
    """Its map and its cost do not depend on the rows beside it, nor on the chunks."""
    one, given = net("smooth_conv", backend), rows("smooth_conv", count=6)
    options = {"tolerance": 0.005 if options else 0.15, **options}
    together = one.attribute({"x": to_backend(given["x"], backend)}, method, **options)
    assert len(set(together.gradient_evaluations.tolist())) > 1, "all rows cost the same: nothing is shown"
    for row in range(6):
        alone = one.attribute({"x": to_backend(given["x"][row : row + 1], backend)}, method, max_rows=15, **options)
        assert alone.gradient_evaluations[0] == together.gradient_evaluations[row]
        assert distance(maps(alone)["x"], maps(together)["x"][row : row + 1]) < 1e-9


@pytest.mark.parametrize("method", ["smoothgrad", "smoothgrad_squared", "vargrad"])
def test_refined_maps_are_those_of_as_many_samples(method, backend):
    one, given = net("smooth_conv", backend), batch("smooth_conv", backend, count=4)
    refined = one.attribute(given, method, tolerance=0.2)
    for row, count in enumerate(refined.gradient_evaluations.tolist()):
        plain = one.attribute(given, method, nsamples=count)
        assert distance(maps(refined)["x"][row : row + 1], maps(plain)["x"][row : row + 1]) < 1e-10
        assert refined.relative_error[row] == pytest.approx(plain.relative_error[row], rel=1e-6)


def test_refined_paths_are_trapezoid_rules(backend):
    from fe_saliency import Method
    from fe_saliency.method import Path

    one, given = net("smooth_conv", backend), batch("smooth_conv", backend, count=4)
    refined = one.attribute(given, "integrated_gradients", baseline=0.0, tolerance=0.01)
    rule = Method("trapezoid", "", "", (Path(rule="trapezoid"),))
    for row, count in enumerate(refined.gradient_evaluations.tolist()):
        plain = one.attribute(given, rule, baseline=0.0, nsamples=count)
        assert distance(maps(refined)["x"][row : row + 1], maps(plain)["x"][row : row + 1]) < 1e-10
        assert refined.completeness_gap[row] == pytest.approx(plain.completeness_gap[row], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("method, options", CASES)
def test_every_gradient_is_taken_once(method, options):
    made, one = recorded()
    found = one.attribute({"x": X}, method, tolerance=0.05, nsamples=200, max_rows=64, **options)
    assert sum(made.differentiated) == found.gradient_evaluations.sum()


@pytest.mark.parametrize(
    "method, options, cap, spent",
    [
        ("smoothgrad", {}, 33, 32),
        ("vargrad", {}, 50, 50),
        ("integrated_gradients", {}, 47, 32),
        ("integrated_gradients", {"baseline": 0}, 40, 33),
        ("integrated_gradients", {"baseline": 0}, 33, 33),
    ],
)
def test_the_cap_is_kept_and_said(method, options, cap, spent, backend):
    one, given = net("smooth_conv", backend), batch("smooth_conv", backend)
    found = one.attribute(given, method, tolerance=1e-12, nsamples=cap, **options)
    assert (found.gradient_evaluations == spent).all() and not found.met_tolerance.any()
    assert (found.relative_error > 1e-12).all()


def test_easy_rows_take_the_least():
    """The gradient of a linear model is the same everywhere."""
    one, given = net("linear", "torch"), batch("linear", "torch")
    assert (one.attribute(given, "smoothgrad", tolerance=0.01).gradient_evaluations == 16).all()
    assert (one.attribute(given, "integrated_gradients", tolerance=0.01).gradient_evaluations == 16).all()
    path = one.attribute(given, "integrated_gradients", baseline=0, tolerance=0.01)
    assert (path.gradient_evaluations == 9).all() and path.met_tolerance.all()


def test_noise_outside_a_path(backend):
    one, given = net("smooth_conv", backend), batch("smooth_conv", backend)
    found = one.attribute(given, "smoothed_integrated_gradients", baseline=0, tolerance=0.1, nsamples=(400, 5))
    assert found.met_tolerance.all() and (found.gradient_evaluations % 5 == 0).all()
    assert (found.gradient_evaluations >= 16 * 5).all()


def test_two_inputs_share_one_error(backend):
    found = net("two_inputs", backend).attribute(batch("two_inputs", backend), "smoothgrad", tolerance=0.1)
    assert found.met_tolerance.all() and set(found.maps) == {"x0", "x1"}


def test_without_a_tolerance_nothing_is_met():
    assert net("linear", "torch").attribute(batch("linear", "torch"), "smoothgrad").met_tolerance is None


@pytest.mark.parametrize(
    "options, said",
    [
        ({"method": "gradient", "tolerance": 0.1}, "`tolerance` must be None for the method 'gradient'"),
        ({"method": "smoothgrad", "tolerance": 0}, r"`tolerance` \(=0\) must be a finite number above 0"),
        ({"method": "smoothgrad", "tolerance": np.inf}, "`tolerance` .* above 0"),
        ({"method": "smoothgrad", "tolerance": 0.1, "nsamples": 15}, r"`nsamples` \(=15\) must be at least 16"),
        ({"method": "integrated_gradients", "tolerance": 0.1, "nsamples": 8, "baseline": 0}, "must be at least 9"),
        ({"method": "smoothed_integrated_gradients", "tolerance": 0.1}, "cannot be judged where an inner"),
    ],
)
def test_refused(options, said):
    with pytest.raises(ValueError, match=said):
        net("linear", "torch").attribute(batch("linear", "torch"), **options)


@pytest.mark.parametrize("value", ["0.1", True, None.__class__, np.array([0.1])])
def test_no_number(value):
    with pytest.raises(TypeError, match="`tolerance` .* must be a finite number above 0: .*; not "):
        net("linear", "torch").attribute(batch("linear", "torch"), "smoothgrad", tolerance=value)


def test_maps_without_diagnosis_are_the_same(backend):
    one, given = net("smooth_conv", backend), batch("smooth_conv", backend)
    for method, options in CASES:
        full, quick = (one.attribute(given, method, nsamples=16, diagnose=each, **options) for each in (True, False))
        assert quick.relative_error is None and quick.completeness_gap is None
        assert distance(maps(quick)["x"], maps(full)["x"]) < 1e-12


def test_rows_of_one_dtype(backend):
    found = net("smooth_conv", backend, "float32").attribute(
        batch("smooth_conv", backend, dtype="float32"), "smoothgrad", tolerance=0.1
    )
    assert maps(found)["x"].dtype == np.float32
    assert not isinstance(found.met_tolerance, torch.Tensor) and found.met_tolerance.dtype == bool


def test_no_tolerance_is_met_before_an_error_can_be_told(backend):
    """The first points of a path have nothing to be compared with, however much is tolerated."""
    one, given = net("smooth_conv", backend), batch("smooth_conv", backend)
    found = one.attribute(given, "integrated_gradients", baseline=0, tolerance=10)
    assert (found.gradient_evaluations == 9).all() and (found.relative_error < 1).all()


def test_a_peak_that_all_points_miss_is_told_by_the_gap(backend):
    """Two rules that see no gradient at all agree, but the score has changed on the way."""
    import fastestimator as fe
    import tensorflow as tf

    from fe_saliency import SaliencyNet

    def step_tf(x):
        return tf.concat([tf.sigmoid(2000 * (x[:, :1] - 0.3)), 0 * x[:, :1]], axis=1)

    class StepTorch(torch.nn.Module):
        def forward(self, x):
            return torch.cat([torch.sigmoid(2000 * (x[:, :1] - 0.3)), 0 * x[:, :1]], dim=1)

    def in_tf():
        given = tf.keras.Input((2,), dtype="float64")
        return tf.keras.Model(given, tf.keras.layers.Lambda(step_tf, dtype="float64")(given))

    model = fe.build(model_fn={"tf": in_tf, "torch": lambda: StepTorch().double()}[backend], optimizer_fn=None)
    one, x = SaliencyNet(model, "x", "y"), to_backend(np.ones((1, 2), np.float32), backend)
    options = {"baseline": 0, "tolerance": 0.1, "score": "output"}
    coarse = one.attribute({"x": x}, "integrated_gradients", nsamples=17, **options)
    assert not coarse.met_tolerance[0] and abs(coarse.completeness_gap[0]) > 0.5
    fine = one.attribute({"x": x}, "integrated_gradients", nsamples=2**14 + 1, **options)
    assert fine.met_tolerance[0] and abs(fine.completeness_gap[0]) < 0.1
    assert fine.gradient_evaluations[0] > 500


def offset(backend, by):
    """tanh(w x) times a small number, and a constant that is large beside it."""
    weight = np.linspace(-1, 1, 5, dtype="float32")[:, None]

    def in_tf():
        inside = tf.keras.layers.Dense(1, "tanh", use_bias=False, input_shape=(5,))
        model = tf.keras.Sequential([inside, tf.keras.layers.Dense(2)])
        model.set_weights([weight, np.full((1, 2), 1e-4, "float32"), np.full(2, by, "float32")])
        return model

    def in_torch():
        model = torch.nn.Sequential(torch.nn.Linear(5, 1, bias=False), torch.nn.Tanh(), torch.nn.Linear(1, 2))
        model[0].weight.data = torch.from_numpy(weight.T.copy())
        model[2].weight.data, model[2].bias.data = torch.full((2, 1), 1e-4), torch.full((2,), float(by))
        return model

    return SaliencyNet(fe.build({"tf": in_tf, "torch": in_torch}[backend], optimizer_fn=None), "x", "y")


def test_what_rounding_makes_of_the_gap_proves_nothing(backend):
    """A score of 1,000 is known to 6e-5 in single precision, whatever it changes by along the path."""
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    options = {"method": "integrated_gradients", "baseline": "zero", "tolerance": 0.02, "target": 0}
    near, far = (offset(backend, by).attribute({"x": x}, **options) for by in (0, 1000))
    assert near.met_tolerance.all() and far.met_tolerance.all()
    np.testing.assert_array_equal(near.gradient_evaluations, far.gradient_evaluations)


@pytest.mark.parametrize("most, spent", [(None, 1025), (1024, 513), (257, 257), (100, 65)])
def test_the_most_that_a_path_takes_is_one_more_than_a_power_of_two(most, spent):
    given = batch("relu_conv", "torch", 1, "float32")
    found = net("relu_conv", "torch", "float32").attribute(
        given, "integrated_gradients", baseline="zero", tolerance=1e-9, nsamples=most
    )
    assert found.gradient_evaluations.tolist() == [spent] and not found.met_tolerance.any()


def test_numbers_of_any_kind_are_taken():
    one, given = net("smooth_mlp", "torch"), batch("smooth_mlp", "torch", 2)
    plain = one.attribute(given, "smoothgrad", tolerance=0.1, stdev_spread=0.2)
    other = one.attribute(given, "smoothgrad", tolerance=torch.tensor(0.1), stdev_spread=np.array(0.2))
    np.testing.assert_array_equal(maps(plain)["x"], maps(other)["x"])
