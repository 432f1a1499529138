"""Which maps say nothing, and means that leave out what is not known."""

import warnings

import numpy as np
import pytest

from fe_saliency.heat import heat
from fe_saliency.measure import mean_known, unusable


def test_flat_and_broken_maps_are_unusable():
    raw = np.random.default_rng(1).normal(size=(7, 4, 5, 2)).astype("float32")
    raw[0] = 0
    raw[1] = -2.5
    raw[2, 3, 3, 1] = np.nan
    raw[3, 0, 0, 0] = -np.inf
    raw[4] = 0
    raw[4, 1, 1, 0] = 1e-45  # One pixel, the smallest float32 above 0
    raw[5] *= 1e38
    with np.errstate(all="raise", under="ignore"):
        found = unusable(heat(raw, -1))
    assert found.dtype == bool
    assert found.tolist() == [True, True, True, True, False, False, False]
    assert unusable(heat(raw[:0], -1)).shape == (0,)


def test_flat_in_its_heat_though_not_in_its_signs():
    raw = np.array([[1.0, -1, 1, -1]])
    assert unusable(heat(raw, -1)).tolist() == [True]


def test_float64_beyond_its_limit():
    raw = np.full((1, 3, 2), 1e308)
    raw[0, 0] = 0
    assert unusable(heat(raw, -1)).tolist() == [True]


@pytest.mark.parametrize(
    "values, mean",
    [([1.0, np.nan, 4], 2.5), ([[1.0, 2], [np.nan, 6]], 3), ([7], 7), ([1.0, np.inf, np.nan], np.inf)],
)
def test_mean_of_what_is_known(values, mean):
    found = mean_known(np.array(values))
    assert isinstance(found, float)
    assert found == mean


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_mean_of_nothing_is_nan_without_a_warning(values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(mean_known(np.array(values)))
