"""The numbers of each epoch, against what `fe_saliency.measure` says of the same arrays."""

import contextlib
from unittest.mock import patch

import numpy as np
import pytest
from records import record

from fe_saliency import measure
from fe_saliency.heat import heat
from fe_saliency.labels import Labels
from fe_saliency.trace.guard import Guard
from fe_saliency.trace.measures import Measures
from fe_saliency.trace.numbers import GROUPS, Numbers

SETTINGS = {"measured": "smoothed", "titles": {"vanilla": "Vanilla", "smoothed": "Smoothed"}}


def made(epoch=1, **fields):
    return record(epoch, **{"settings": dict(SETTINGS), **fields})


def hot(one):
    return heat(one.maps["smoothed"]["x"], one.channel_axis)


def test_each_number_is_the_mean_over_rows_of_the_measured_map():
    one = made(completeness_gap={"integrated": np.array([-2.0, 4.0])})
    (found,) = Measures(["concentration", "trust", "decision"]).see(one, {}).values()
    assert found["gini"] == pytest.approx(measure.gini(hot(one)).mean())
    assert found["effective_pixels"] == pytest.approx(measure.effective_pixels(hot(one)).mean())
    assert found["relative_error"] == pytest.approx(one.relative_error["smoothed"].mean())
    assert found["completeness_gap"] == 3.0, "of the integrated map, sizes only"
    assert found["unusable"] == 0
    assert found["score"] == pytest.approx(one.scores["y"].mean())
    assert found["margin"] == pytest.approx(one.margins["y"].mean())


def test_flat_maps_are_counted():
    maps = np.stack([np.ones((3, 4, 1)), np.eye(3, 4)[..., None]]).astype("float32")
    (found,) = Measures("trust").see(made(maps={"smoothed": {"x": maps}}), {}).values()
    assert found["unusable"] == 0.5


def test_drift_is_measured_from_the_epoch_before_and_from_the_reference():
    measures = Measures("drift", reference=2)
    epochs = [made(epoch) for epoch in (1, 2, 3, 4)]
    found = [measures.see(one, {})["x"] for one in epochs]
    assert all(np.isnan(value) for value in found[0].values()), "nothing to compare with"
    assert np.isnan(found[1]["cosine_to_reference"]), "the reference itself"
    for number, one in enumerate(epochs[1:], 1):
        expected = measure.rank_correlation(hot(one), hot(epochs[number - 1])).mean()
        assert found[number]["rank_correlation_to_previous"] == pytest.approx(expected)
    raw = [one.maps["smoothed"]["x"] for one in epochs]
    assert found[3]["cosine_to_reference"] == pytest.approx(measure.cosine(raw[3], raw[1]).mean())
    assert found[3]["ssim_to_reference"] == pytest.approx(measure.ssim(hot(epochs[3]), hot(epochs[1])).mean())


def test_places_are_compared_with_themselves_only():
    measures = Measures("drift")
    measures.see(made(1), {})
    other = measures.see(made(1, mode="train"), {})["x"]
    assert np.isnan(other["cosine_to_previous"])
    same = measures.see(made(1), {})["x"]
    assert same["cosine_to_previous"] == pytest.approx(1) and same["rank_correlation_to_reference"] == pytest.approx(1)


def test_a_restored_one_goes_on():
    first, second = Measures("drift"), Measures("drift")
    first.see(made(1), {})
    second.restore(first.state())
    assert first.see(made(2), {}) == second.see(made(2), {})


def test_regions_where_the_model_should_look():
    boxes = np.array([[0, 0, 2, 2], [1, 1, 2, 1]])
    one = made()
    (found,) = Measures("region", region_key="box").see(one, {"box": boxes}).values()
    region = measure.regions(boxes, 3, 4, "box")
    assert found["mass_share"] == pytest.approx(measure.mass_share(hot(one), region).mean())
    assert found["area_share"] == pytest.approx((4 / 12 + 2 / 12) / 2)
    assert found["pointing_game"] == measure.pointing_game(hot(one), region).mean()
    assert found["rank_accuracy"] == pytest.approx(measure.rank_accuracy(hot(one), region).mean())


def test_numbers_for_each_class():
    one = made(rows=4, labels=np.array(["cat", "dog", "cat", "dog"]))
    (found,) = Measures("concentration", per_class=True).see(one, {}).values()
    assert found["gini_class_cat"] == pytest.approx(measure.gini(hot(one))[::2].mean())
    assert found["gini"] == pytest.approx((found["gini_class_cat"] + found["gini_class_dog"]) / 2)
    (unlabelled,) = Measures("concentration", per_class=True).see(made(rows=4, labels=None), {}).values()
    assert "entropy_class_2" in unlabelled, "without labels by the class that is explained"


def test_classes_with_names_are_known_beforehand():
    one = made(rows=4, labels=np.array([0, 1, 0, 1]))
    measures = Measures("concentration", per_class=True, labels=Labels({"big cat": 0, "dog": 1, "ox": 2}))
    assert measures.names == [
        *GROUPS["concentration"],
        *(f"{name}_class_{each}" for each in ("big_cat", "dog", "ox") for name in GROUPS["concentration"]),
    ]
    (found,) = measures.see(one, {}).values()
    assert found["gini_class_big_cat"] == pytest.approx(measure.gini(hot(one))[::2].mean())
    assert set(found) == {name for name in measures.names if "ox" not in name}, "no row is an ox"
    assert Measures("trust", labels=Labels({"dog": 1})).names == list(GROUPS["trust"])


def test_a_class_without_a_name_is_told_by_its_number():
    one = made(rows=4, labels=np.array([0, 1, 0, 7]))
    measures = Measures("concentration", per_class=True, labels=Labels({"cat": 0, "dog": 1}))
    (found,) = measures.see(one, {}).values()
    assert found["gini_class_#7"] == pytest.approx(measure.gini(hot(one))[3])


def test_rows_that_were_not_explained_are_of_no_class():
    """Their target is -1, as that of a row of NaN."""
    targets = {"y": np.array([0, -1, 1, 1])}
    (found,) = Measures("trust", per_class=True).see(made(rows=4, labels=None, targets=targets), {}).values()
    assert {name for name in found if "unusable" in name} == {"unusable", "unusable_class_0", "unusable_class_1"}


@pytest.mark.parametrize("name", ["drift", "concentration", "trust", "decision", "region", "control"])
def test_a_group_that_fails_keeps_no_other_from_being_told(name, caplog):
    maps = {**made().maps, "randomised": made(9).maps["smoothed"]}
    rows = {"box": np.tile([[0, 0, 2, 2]], (2, 1))}
    measures = Measures(True, "box", controls=("randomised",))
    measures.see(made(1, maps=maps), rows)
    with patch.object(Numbers, name, side_effect=RuntimeError("broken")):
        (found,) = measures.see(made(2, maps=maps), rows, Guard(strict=False)).values()
    told = f"could not measure the {name} of 'x' in epoch 2 (eval), which counts as no improvement"
    assert told in caplog.text and "broken" in caplog.text
    unknown = {key for key, value in found.items() if np.isnan(value)} - {"completeness_gap"}
    assert unknown == set(GROUPS[name]) - {"completeness_gap"} and set(found) == set(measures.names)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("target", [(Numbers, "drift"), (Measures, "_per_row")])
def test_the_drift_is_measured_from_the_last_epoch_whatever_failed_in_it(target, strict):
    measures, epochs = Measures("drift", reference=2), [made(epoch) for epoch in (1, 2, 3)]
    measures.see(epochs[0], {})
    suppressed = contextlib.suppress(RuntimeError)
    with patch.object(*target, side_effect=RuntimeError("broken")), suppressed:
        measures.see(epochs[1], {}, Guard(strict))
    found = measures.see(epochs[2], {})["x"]
    expected = measure.rank_correlation(hot(epochs[2]), hot(epochs[1])).mean()
    assert found["rank_correlation_to_previous"] == found["rank_correlation_to_reference"] == pytest.approx(expected)


def test_an_input_that_is_no_image_has_no_region_and_it_is_no_error():
    maps = {"smoothed": {"x": made().maps["smoothed"]["x"], "z": np.eye(2, 5, dtype="float32")}}
    inputs = {"x": made().inputs["x"], "z": np.zeros((2, 5), "float32")}
    found = Measures("region", "box").see(made(maps=maps, inputs=inputs), {"box": np.tile([[0, 0, 2, 2]], (2, 1))})
    assert found["x"]["area_share"] == pytest.approx(4 / 12)
    assert np.isnan(list(found["z"].values())).all() and len(found["z"]) == 4


def test_the_gap_is_of_the_measured_map_or_of_the_integrated_one():
    integrated, smoothed = {"integrated": np.array([-2.0, 4.0])}, {"smoothed": np.array([1.0, -1.0])}
    gaps = [{**integrated, **smoothed}, integrated, {}]
    found = [Measures("trust").see(made(completeness_gap=each), {})["x"]["completeness_gap"] for each in gaps]
    np.testing.assert_array_equal(found, [1, 3, np.nan])


def test_several_inputs_have_numbers_of_their_own():
    maps = {"smoothed": {"x": made().maps["smoothed"]["x"], "z": np.eye(2, 5, dtype="float32")}}
    inputs = {"x": made().inputs["x"], "z": np.zeros((2, 5), "float32")}
    found = Measures("concentration").see(made(maps=maps, inputs=inputs), {})
    assert found["z"]["effective_pixels"] == pytest.approx(1) and found["x"]["effective_pixels"] > 1


def test_true_means_all_that_can_be_told():
    assert Measures(True).groups == ["drift", "concentration", "trust", "decision"]
    assert Measures(True, "box", controls=("randomised",)).groups == list(GROUPS)
    assert Measures(False).names == [] and Measures("trust").names == list(GROUPS["trust"])


@pytest.mark.parametrize("groups, expected", [(False, []), ((), []), ("drift", ["drift"]), (["trust"], ["trust"])])
def test_a_region_key_alone_is_enough(groups, expected):
    assert Measures(groups, "box").groups == [*expected, "region"]
    assert Measures(["region", "trust"], "box").groups == ["region", "trust"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((["drift", "vibes"],), r"`measures` \(=\['drift', 'vibes'\]\) must be True or of 'drift', "),
        (("region",), r"needs `region_key`: the key of masks or boxes"),
        (("control",), r"needs `controls` with 'randomised'"),
        (("drift", None, 0), r"`reference` \(=0\) must be at least 1"),
        (("trust", None, 3), r"`reference` \(=3\) is for the drift: give `measures` with 'drift'"),
        ((False, None, 1, True), r"`per_class` \(=True\) tells numbers for each class, but there are none"),
        (
            ("trust", None, 1, True, (), Labels({"a b": 0, "a_b": 1})),
            r"names classes that `per_class` cannot tell apart",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Measures(*arguments)
