"""Several baselines at once: the mean of the maps of each, complete against the mean of their scores."""

import numpy as np
import pytest
from helpers import distance, furthest
from models import batch, maps, net, rows
from reference import outputs

from fe_saliency.method import Constant, FromData, Given, Several, Uniform, apart

TARGET = np.array([1, 2, 0])


def each_alone(one, fed, method, members, **options):
    return [one.attribute(fed, method, baseline=each, **options) for each in members]


def mean(parts):
    return {key: np.mean([maps(part)[key] for part in parts], axis=0) for key in parts[0].maps}


@pytest.mark.parametrize("members", [["zero", 0.5], ["uniform", "blur", "maximum_distance"], ["gaussian"]])
@pytest.mark.parametrize("method, nsamples", [("integrated_gradients", 6), ("smoothed_integrated_gradients", (4, 3))])
def test_it_is_the_mean_of_the_maps(members, method, nsamples, backend):
    one, fed = net("smooth_conv", backend), batch("smooth_conv", backend)
    parts = each_alone(one, fed, method, members, nsamples=nsamples, target=TARGET)
    said = one.attribute(fed, method, baseline=Several(members), nsamples=nsamples, target=TARGET)
    assert furthest(maps(said), mean(parts)) < 1e-12
    np.testing.assert_array_equal(said.gradient_evaluations, sum(part.gradient_evaluations for part in parts))
    np.testing.assert_array_equal(said.targets["y"], TARGET)


def test_complete_against_the_mean_of_the_scores(backend):
    said = net("smooth_mlp", backend).attribute(
        batch("smooth_mlp", backend), "integrated_gradients", baseline=Several([0, 1.0]), nsamples=400, target=1
    )
    x = rows("smooth_mlp")["x"]
    score, *starts = (outputs("smooth_mlp", [at])[0][:, 1] for at in (x, 0 * x, 0 * x + 1))
    total = maps(said)["x"].sum(axis=1)
    np.testing.assert_allclose(total, score - np.mean(starts, axis=0), rtol=1e-4)
    np.testing.assert_allclose(said.completeness_gap, total - score + np.mean(starts, axis=0), atol=1e-10)
    np.testing.assert_array_equal(said.completeness_error, 0)
    assert said.relative_error is None


def test_errors_are_not_understated(backend):
    """Equal members have all their draws in common: their mean is no better than one."""
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    options = {"nsamples": 40, "target": TARGET}
    alone = one.attribute(fed, "integrated_gradients", baseline="uniform", **options)
    twice = one.attribute(fed, "integrated_gradients", baseline=Several(["uniform", "uniform"]), **options)
    for name in ("relative_error", "completeness_gap", "completeness_error"):
        np.testing.assert_allclose(getattr(twice, name), getattr(alone, name), rtol=1e-6)


def test_a_tolerance_is_judged_by_the_mean(backend):
    one, fed = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    said = one.attribute(fed, "integrated_gradients", baseline=Several([0, 2.0]), tolerance=0.01, target=TARGET)
    np.testing.assert_array_equal(said.met_tolerance, said.relative_error <= 0.01)
    exact = one.attribute(fed, "integrated_gradients", baseline=Several([0, 2.0]), nsamples=2000, target=TARGET)
    size = np.linalg.norm(maps(exact)["x"], axis=1)
    assert (np.linalg.norm(maps(said)["x"] - maps(exact)["x"], axis=1) <= said.relative_error * size).all()


def test_inputs_with_several_each_go_in_step(backend):
    one, fed = net("two_inputs", backend), batch("two_inputs", backend)
    said = one.attribute(
        fed, "integrated_gradients", baseline={"x0": Several([0, 1]), "x1": Several([2, 3])}, nsamples=4, target=TARGET
    )
    parts = each_alone(
        one, fed, "integrated_gradients", [{"x0": 0, "x1": 2}, {"x0": 1, "x1": 3}], nsamples=4, target=TARGET
    )
    assert furthest(maps(said), mean(parts)) < 1e-12


def test_expected_gradients_of_several_sets_of_data(backend):
    one, fed = net("linear", backend), batch("linear", backend)
    sets = [FromData(np.full((3, 6), value)) for value in (1.0, 2.0)]
    found = maps(one.attribute(fed, "expected_gradients", baseline=Several(sets), nsamples=2, target=TARGET))["x"]
    expected = maps(one.attribute(fed, "integrated_gradients", baseline=1.5, nsamples=2, target=TARGET))["x"]
    assert distance(found, expected) < 1e-12


def test_apart():
    zero, one = Constant(0.0), Constant(1.0)
    assert apart([zero, one]) == [(zero, one)]
    assert apart([Several([0, "uniform"]), one]) == [(zero, one), (Uniform(), one)]
    assert isinstance(Several([np.zeros(3)]).baselines[0], Given)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: Several([]), ValueError, r"`baselines` \(=\[\]\) must name at least one"),
        (lambda: Several([0, Several([1])]), ValueError, "must name at least one baseline, and no Several"),
        (lambda: Several("zero"), TypeError, r"`baselines` \(a str\) must be a list"),
        (lambda: Several(["black"]), ValueError, r"`baseline` \(='black'\) must be one of"),
        (lambda: apart([Several([0, 1]), Several([0, 1, 2])]), ValueError, r"names \[2, 3\] baselines"),
    ],
)
def test_wrong_ones(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_list_of_names_is_told_of_it(backend):
    with pytest.raises(TypeError, match=r"`Several\(\[...\]\)` takes several"):
        net("linear", backend).attribute(batch("linear", backend), "integrated_gradients", baseline=["zero", "uniform"])


def test_the_last_one_is_checked_before_the_first_is_run(backend, monkeypatch):
    one = net("linear", backend)
    monkeypatch.setattr(one._engine, "_composition", None)
    with pytest.raises(ValueError, match=r"has shape \(5,\)"):
        one.attribute(batch("linear", backend), "integrated_gradients", baseline=Several([0, np.zeros(5)]))
