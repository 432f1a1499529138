"""Heat against a region: closed forms, slow re-derivations, ties by trying all orders."""

import itertools
import math

import numpy as np
import pytest

from fe_saliency.measure import area_share, mass_share, pointing_game, rank_accuracy


def heats(shape=(4, 6, 7), seed=1):
    return np.random.default_rng(seed).exponential(size=shape)


def some_regions(shape=(4, 6, 7), seed=2):
    return np.random.default_rng(seed).random(size=shape) < 0.3


def slow_mass(heat, region):
    inside = sum(h for h, r in zip(heat.ravel(), region.ravel(), strict=True) if r)
    return inside / sum(heat.ravel())


def slow_rank(heat, region):
    hottest = sorted(range(heat.size), key=lambda at: -heat.ravel()[at])[: region.sum()]
    return sum(bool(region.ravel()[at]) for at in hottest) / region.sum()


def slow_pointing(heat, region, tolerance):
    top = max(np.ndindex(*heat.shape), key=lambda at: heat[at])
    return float(any(math.dist(top, at) <= tolerance for at in np.argwhere(region)))


def test_slow_references():
    heat, region = heats(), some_regions()
    for row in range(4):
        assert mass_share(heat, region)[row] == pytest.approx(slow_mass(heat[row], region[row]), abs=1e-14)
        assert rank_accuracy(heat, region)[row] == slow_rank(heat[row], region[row])
        assert area_share(region)[row] == region[row].sum() / 42


@pytest.mark.parametrize("tolerance", [0, 0.5, 1, 1.5, 2, 3])
def test_pointing_equals_the_slow_reference(tolerance):
    heat, region = heats((60, 9, 9)), np.zeros((60, 9, 9), bool)
    region[:, 3:5, 4:6] = True
    found = pointing_game(heat, region, tolerance)
    assert found.tolist() == [slow_pointing(*pair, tolerance) for pair in zip(heat, region, strict=True)]
    assert 0 < found.sum() < 60


def test_tolerance_is_a_distance_within_the_row():
    heat = np.zeros((2, 1, 8))
    region = np.zeros((2, 1, 8), bool)
    heat[:, 0, 7], region[:, 0, 3] = 1, True
    assert pointing_game(heat, region, 3.9).tolist() == [0, 0]
    assert pointing_game(heat, region, 4).tolist() == [1, 1]
    np.testing.assert_array_equal(pointing_game(heat[:, 0], region[:, 0], 4), [1, 1])


def test_heat_exactly_in_the_region():
    region = some_regions()
    heat = region * heats() + 0.0
    for measure in (mass_share, rank_accuracy, pointing_game):
        np.testing.assert_array_equal(measure(heat, region), np.ones(4))
    for measure in (mass_share, pointing_game):
        np.testing.assert_array_equal(measure(heat, ~region), np.zeros(4))


def test_a_region_and_the_rest_have_all_the_heat():
    heat, region = heats(), some_regions()
    np.testing.assert_allclose(mass_share(heat, region) + mass_share(heat, ~region), np.ones(4), rtol=1e-15)
    np.testing.assert_allclose(area_share(region) + area_share(~region), np.ones(4), rtol=1e-15)


def test_everywhere_is_a_region_that_all_heat_hits():
    everywhere = np.ones((4, 6, 7), bool)
    for measure in (mass_share, rank_accuracy, pointing_game):
        np.testing.assert_array_equal(measure(heats(), everywhere), np.ones(4))
    np.testing.assert_array_equal(area_share(everywhere), np.ones(4))


def test_heat_that_knows_nothing_has_the_share_of_the_area():
    heat, region = heats((3000, 5, 5)), np.zeros((3000, 5, 5), bool)
    region[:, :2, :3] = True
    for measure in (mass_share, rank_accuracy, pointing_game):
        assert measure(heat, region).mean() == pytest.approx(6 / 25, abs=0.03)
    flat = mass_share(np.full((3000, 5, 5), 0.1), region)
    np.testing.assert_allclose(flat, area_share(region), rtol=1e-15)


def test_ties_count_as_the_mean_over_all_orders():
    heat = np.array([[2.0, 1, 1, 1, 0]])
    for places in itertools.product([False, True], repeat=5):
        region = np.array([places])
        if not region.any():
            continue
        tried = []
        for order in itertools.permutations(range(5)):
            nudged = heat[0] + 1e-3 * np.array(order)
            tried.append(slow_rank(nudged, region[0]))
        assert rank_accuracy(heat, region).item() == pytest.approx(np.mean(tried), abs=1e-12)


def test_several_hottest_pixels_count_by_their_share():
    heat = np.array([[3.0, 3, 1, 3, 0], [3, 0, 0, 0, 0]])
    region = np.array([[True, False, True, True, True]] * 2)
    np.testing.assert_allclose(pointing_game(heat, region), [2 / 3, 1])
    np.testing.assert_array_equal(pointing_game(heat, region, tolerance=1), [1, 1])


def test_where_there_is_no_region_nothing_is_known():
    heat, region = heats(), some_regions()
    region[1] = False
    found = [mass_share(heat, region), rank_accuracy(heat, region), area_share(region)]
    found += [pointing_game(heat, region, tolerance) for tolerance in (0, 2, 100)]
    for one in found:
        np.testing.assert_array_equal(np.isnan(one), [False, True, False, False])
    assert np.isnan(area_share(np.zeros((2, 3), bool))).all()
    assert area_share(np.zeros((0, 3), bool)).shape == (0,)


@pytest.mark.parametrize("measure", [mass_share, rank_accuracy, pointing_game])
def test_refused_regions(measure):
    with pytest.raises(ValueError) as caught:
        measure(heats(), some_regions((4, 7, 6)))
    assert str(caught.value) == (
        "`region` (of shape (4, 7, 6)) must have the shape of `heat`, (4, 6, 7): "
        "make it with `fe_saliency.measure.regions` for the height and width of the heat."
    )
    with pytest.raises(TypeError) as caught:
        measure(heats(), some_regions().astype(int))
    assert str(caught.value) == (
        "`region` (of int64) must hold booleans: make it with `fe_saliency.measure.regions`, "
        "or say which values count, `region > 0`."
    )


@pytest.mark.parametrize(
    "tolerance, error, message",
    [
        (-1, ValueError, "`tolerance` (=-1) must be a finite number of at least 0: a distance in pixels."),
        (math.nan, ValueError, "`tolerance` (=nan) must be a finite number of at least 0: a distance in pixels."),
        (math.inf, ValueError, "`tolerance` (=inf) must be a finite number of at least 0: a distance in pixels."),
        ("15", TypeError, "`tolerance` (='15') must be a number, not str."),
        (True, TypeError, "`tolerance` (=True) must be a number, not bool."),
    ],
)
def test_refused_tolerances(tolerance, error, message):
    with pytest.raises(error) as caught:
        pointing_game(heats(), some_regions(), tolerance)
    assert str(caught.value) == message
