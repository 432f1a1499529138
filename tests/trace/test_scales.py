"""One scale for all epochs: fixed at an epoch, given, or none."""

import numpy as np
import pytest
from records import record

from fe_saliency.display import common_scale
from fe_saliency.trace.scales import Scales

NAMES = ["vanilla", "smoothed"]


def made(epoch, controls=(), **fields):
    settings = {"measured": "smoothed", "signed": False, "controls": list(controls)}
    return record(epoch, settings=settings, **fields)


def test_own_scales_are_none():
    assert Scales("own", NAMES).of(made(1)) == {"scales": None, "scale_origin": None}


def test_a_scale_is_fixed_at_its_epoch_and_kept():
    scales = Scales(2, NAMES)
    assert scales.of(made(1))["scales"] is None
    second = scales.of(made(2))
    expected = {name: {"x": common_scale(made(2).maps[name]["x"])} for name in NAMES}
    assert second == {"scales": expected, "scale_origin": "fixed at epoch 2"}
    assert scales.of(made(3)) == second
    late = Scales(2, NAMES)
    assert late.of(made(5))["scale_origin"] == "fixed at epoch 5", "the first that is drawn after it"


def test_an_epoch_without_a_finite_map_fixes_nothing():
    scales, spoilt = Scales(1, NAMES), made(1)
    spoilt.maps["vanilla"]["x"][:, 0] = np.nan
    assert scales.of(spoilt) == {"scales": None, "scale_origin": None}
    half = made(2)
    half.maps["vanilla"]["x"][0, 0] = np.inf
    found = scales.of(half)
    assert found["scale_origin"] == "fixed at epoch 2"
    assert found["scales"]["vanilla"]["x"] == common_scale(half.maps["vanilla"]["x"][1:])


@pytest.mark.parametrize("wanted", [1, {"vanilla": 2, "smoothed": 0.5}])
def test_controls_are_on_no_common_scale(wanted):
    maps = {**made(1).maps, "untrained": {"x": np.full((2, 3, 4, 1), np.nan, "float32")}}
    found = Scales(wanted, NAMES).of(made(1, controls=["untrained"], maps=maps))["scales"]
    assert set(found) == set(NAMES)


def test_given_scales():
    found = Scales({"vanilla": 2, "smoothed": 0.5}, NAMES).of(made(1))
    assert found == {"scales": {"vanilla": {"x": 2.0}, "smoothed": {"x": 0.5}}, "scale_origin": "given"}


def test_a_restored_one_keeps_the_scale():
    first, second = Scales(1, NAMES), Scales(1, NAMES)
    found = first.of(made(1))
    second.restore(first.state())
    assert second.of(made(4)) == found


@pytest.mark.parametrize(
    "wanted, error, message",
    [
        ("epoch", ValueError, r"`scale` \(='epoch'\) must be 'own', the number of an epoch, or a dict"),
        (0, ValueError, r"`scale` \(=0\) must be at least 1"),
        (1.5, TypeError, r"`scale` \(=1.5\) must be 'own', the number of an epoch"),
        ({"vanilla": 1}, ValueError, r"must give a number for each map: \['vanilla', 'smoothed'\]"),
        ({"vanilla": 1, "smoothed": 0}, ValueError, r"`scale\['smoothed'\]` \(=0\) must be a .* above 0: the size"),
        ({"vanilla": 1, "smoothed": "a"}, TypeError, r"`scale\['smoothed'\]` \(='a'\) must be .* finite .*; not str"),
    ],
)
def test_bad_arguments(wanted, error, message):
    with pytest.raises(error, match=message):
        Scales(wanted, NAMES)
