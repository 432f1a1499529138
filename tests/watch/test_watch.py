"""Findings about models that read one place and nothing else: everything is known in closed form."""

import numpy as np
import pytest
from fastestimator.network import BaseNetwork
from readers import GAIN, images, reader, sigmoid
from training import calls_of, seed_everything
from untouched import generators

from fe_saliency import SaliencyNet
from fe_saliency.op import GradientOp
from fe_saliency.record import Record
from fe_saliency.watch import Corner, RegionKey, Strip, Watch

CORNER = Corner("top left", 2)
PLACE = CORNER.masks({}, (1, 8, 8))[0]
ELSEWHERE = Corner("bottom right", 3).masks({}, (1, 8, 8))[0]
HOWS = ("blur", "mean", "noise")


def findings(backend, model, x, watch, **more):
    net = SaliencyNet(model, "x", "y")
    batch = {"x": x, **more}
    return watch.examine(net, batch, net.attribute(batch, score=watch.score).maps)


def test_regions_whose_numbers_would_share_a_key_are_refused():
    with pytest.raises(ValueError, match="of different names; give `name=`. .As parts of a key"):
        Watch([Corner("top left", 2, name="a b"), Corner("bottom right", 3, name="a_b")])


def test_where_nothing_was_tested_nothing_is_said_to_be_silent(backend):
    model, x = reader(backend, PLACE, "softmax"), images(backend, PLACE)
    (found,) = findings(backend, model, x, Watch([RegionKey("k")]), k=np.ones((len(x), 8, 8), bool))
    assert found.rows == 0 and not found.warns and np.isnan(list(found.numbers.values())).all()


@pytest.mark.parametrize("end", ["softmax", "logits", "sigmoid"])
def test_a_model_that_reads_the_region_only(end, backend):
    """Without the region it sees what surrounds it, 0, and the mean of the place falls from 1 to 0."""
    (found,) = findings(backend, reader(backend, PLACE, end), images(backend, PLACE), Watch([CORNER]))
    assert (found.region, found.rows, found.warns) == ("top left corner", 3, True)
    np.testing.assert_allclose([found.mass, found.area, found.mass_ratio], [1, 4 / 64, 16], rtol=1e-6)
    expected = sigmoid(GAIN / 2) - sigmoid(-GAIN / 2)
    assert found.drops == pytest.approx(dict.fromkeys(HOWS, expected), abs=1e-5)
    assert found.flips == dict.fromkeys(HOWS, 1)
    assert found.numbers == {
        "mass_ratio": found.mass_ratio, "score_drop": found.score_drop, "flipped": 1, "warns": 1
    }  # fmt: skip


@pytest.mark.parametrize("end", ["softmax", "logits", "sigmoid"])
def test_class_0_counts_as_well(end, backend):
    """A dark patch on white says class 0, which is held where the decision changes."""
    (found,) = findings(backend, reader(backend, PLACE, end), images(backend, PLACE, 0, 1), Watch([CORNER]))
    assert found.drops == pytest.approx(dict.fromkeys(HOWS, sigmoid(GAIN / 2) - sigmoid(-GAIN / 2)), abs=1e-5)
    assert found.flipped == 1 and found.warns


def test_a_model_that_never_reads_the_region(backend):
    (found,) = findings(backend, reader(backend, ELSEWHERE), images(backend, PLACE), Watch([CORNER]))
    assert found.mass == found.mass_ratio == found.score_drop == found.flipped == 0 and not found.warns


def test_a_one_unit_logit(backend):
    """It is told from a probability by `score`, and is then measured as one."""
    model, x = reader(backend, PLACE, "logit"), images(backend, PLACE)
    with pytest.raises(ValueError, match="use score='logit'"):
        Watch([CORNER]).examine(SaliencyNet(model, "x", "y"), {"x": x}, {"x": x})
    (found,) = findings(backend, model, x, Watch([CORNER], score="logit"))
    assert found.score_drop == pytest.approx(sigmoid(GAIN / 2) - sigmoid(-GAIN / 2), abs=1e-5)


@pytest.mark.parametrize("end", ["softmax", "logits"])
@pytest.mark.parametrize("score", ["logit", "log_probability"])
def test_against_the_strongest_other_class(end, score, backend):
    """Of two classes that is the probability."""
    (found,) = findings(backend, reader(backend, PLACE, end), images(backend, PLACE), Watch([CORNER], score=score))
    assert found.score_drop == pytest.approx(sigmoid(GAIN / 2) - sigmoid(-GAIN / 2), abs=1e-5)


def test_several_sigmoids_are_taken_as_they_are(backend):
    model, x = reader(backend, PLACE, "sigmoids"), images(backend, PLACE)
    (found,) = findings(backend, model, x, Watch([CORNER], score="output"))
    assert found.score_drop == pytest.approx(sigmoid(GAIN / 2) - sigmoid(-GAIN / 2), abs=1e-5)


def test_attention_without_effect_does_not_warn(backend):
    (found,) = findings(backend, reader(backend, PLACE, gain=0.05), images(backend, PLACE), Watch([CORNER]))
    assert found.mass_ratio == pytest.approx(16) and 0 < found.score_drop < 0.05 and not found.warns


def test_effect_without_attention_does_not_warn(backend):
    """The map looks elsewhere."""
    net = SaliencyNet(reader(backend, PLACE), "x", "y")
    x = images(backend, PLACE)
    (found,) = Watch([CORNER]).examine(net, {"x": x}, {"x": images(backend, ELSEWHERE)})
    assert found.score_drop > 0.5 and found.mass_ratio == 0 and not found.warns


def test_an_effect_of_one_replacement_alone_does_not_warn(backend):
    """A bright half goes on in its corner if that is blurred; a mean or noise is something new."""
    half = np.arange(8)[:, None] < 4
    (found,) = findings(backend, reader(backend, PLACE), images(backend, half | PLACE), Watch([CORNER]))
    assert found.drops["mean"] > 0.3 and found.drops["noise"] > 0.1
    assert found.score_drop == found.drops["blur"] < 0.05 and not found.warns


def test_the_thresholds_are_reached_by_what_equals_them(backend):
    model, x = reader(backend, PLACE), images(backend, PLACE)
    (found,) = findings(backend, model, x, Watch([CORNER]))
    for ratio, drop, warns in [(1, 1, True), (1.01, 1, False), (1, 1.01, False)]:
        watch = Watch([CORNER], mass_ratio=found.mass_ratio * ratio, score_drop=found.score_drop * drop)
        assert findings(backend, model, x, watch)[0].warns == warns


def test_a_region_that_differs_from_row_to_row(backend):
    """Rows without it, or that are nothing else, are left out."""
    masks = np.stack([PLACE, 0 * PLACE, PLACE, 0 * PLACE + 1]).astype(np.float32)
    x = images(backend, PLACE, count=4)
    watch = Watch([RegionKey("where"), Strip("bottom", 2)])
    assert watch.keys == ["where"]
    found, strip = findings(backend, reader(backend, PLACE), x, watch, where=masks)
    assert (found.rows, found.mass, found.mass_ratio, found.warns) == (2, 1, pytest.approx(16), True)
    assert (strip.rows, strip.mass, strip.warns) == (4, 0, False)


def test_a_region_that_no_row_has(backend):
    (found,) = findings(
        backend, reader(backend, PLACE), images(backend, PLACE), Watch([RegionKey("where")]), where=np.zeros((3, 4))
    )
    assert found.rows == 0 and not found.warns
    assert np.isnan([found.mass, found.area, found.mass_ratio, found.score_drop, found.flipped]).all()


def test_no_gradient_and_nothing_is_changed(backend):
    seed_everything()
    net = SaliencyNet(reader(backend, PLACE), "x", "y")
    batch = {"x": images(backend, PLACE), "other": "kept"}
    maps, kept, before = net.attribute(batch).maps, batch["x"].copy(), generators()
    with calls_of(GradientOp, "forward") as gradients, calls_of(BaseNetwork, "__enter__") as entries:
        Watch([CORNER, Strip("top", 1)]).examine(net, batch, maps)
    assert not gradients and len(entries) == 1 + 2 * 3
    assert generators() == before and list(batch) == ["x", "other"]
    np.testing.assert_array_equal(batch["x"], kept)


def record(net, x, method="gradient"):
    maps = {name: {"x": np.array(net.attribute({"x": x}, name).maps["x"])} for name in ("vargrad", method)}
    return Record(3, "eval", "night", net.channel_axis, {"x": x}, maps, *[{}] * 6, None, {})


def test_a_record_and_the_sentence(backend):
    net = SaliencyNet(reader(backend, PLACE), "x", "y")
    watch = Watch([CORNER, Corner("bottom right", 2)])
    made = record(net, images(backend, PLACE))
    found = watch.examine_record(net, made, {})
    assert watch.warnings(made, found) == [
        "Epoch 3 (eval night): the model seems to use what it should not: region 'top left corner' gets 100.0% of the "
        "attribution on 6.2% of the image (16.0 times its share); replacing it lowers the score of the decided class "
        "by 0.76 at the least (blur 0.76, mean 0.76, noise 0.76) and changes 100% of 3 decisions."
    ]


def test_the_last_map_of_a_record_counts(backend):
    net = SaliencyNet(reader(backend, PLACE), "x", "y")
    made = record(net, images(backend, PLACE))
    made.maps["vargrad"]["x"][...] = np.nan
    assert Watch([CORNER]).examine_record(net, made, {})[0].mass == pytest.approx(1)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"regions": []}, ValueError, r"`regions` \(named \[\]\) must be one or several"),
        ({"regions": [CORNER, CORNER]}, ValueError, "of different names; give `name=`"),
        ({"regions": [PLACE]}, TypeError, r"must hold regions, such as Corner\('top left', 4\)"),
        ({"mass_ratio": 0}, ValueError, r"`mass_ratio` \(=0\) must be a finite number above 0: a region's share"),
        ({"score_drop": "much"}, TypeError, r"`score_drop` \(='much'\) must be a finite number above 0: .*; not str"),
        ({"score": "loss"}, ValueError, r"`score` \(='loss'\) must be one of"),
        ({"seed": -1}, ValueError, r"`seed` \(=-1\) must be a whole number"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        Watch(**{"regions": [CORNER], **arguments})


def test_inputs_that_are_no_images(backend):
    net = SaliencyNet(reader(backend, PLACE), "x", "y")
    flat = {"x": images(backend, PLACE).reshape(3, 64)}
    with pytest.raises(ValueError, match=r"`watch` needs a model input that is images.*{'x': \("):
        Watch([CORNER]).examine(net, flat, flat)
    with pytest.raises(ValueError, match="`batch` has no key 'x', which is a model input"):
        Watch([CORNER]).examine(net, {}, flat)
    whole = {"x": images(backend, PLACE)}
    with pytest.raises(ValueError, match=r"`input` \(='z'\) must name a model input .*: \['x'\] of \['x'\]"):
        Watch([CORNER], input="z").examine(net, whole, whole)
