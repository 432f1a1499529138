"""Maps of one's own choice in the Trace: `methods=[...]`."""

import logging
import sys

import fastestimator as fe
import numpy as np
import pytest
from fastestimator.trace.io import TensorBoard
from models import batch, model, to_host
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training import Figures, classifier, column, contents, dataset, drawn, estimator, images, saliency, titles

from fe_saliency import Method, SaliencyNet, archive, noisy_weights, regions, smooth
from fe_saliency.display import MaskColumn, SignedColumn, common_scale, to_mask
from fe_saliency.method import FromData, MeanOf, OfInputs
from fe_saliency.trace import Saliency
from fe_saliency.trace.fitting import fitted, least
from fe_saliency.trace.methods import planned_maps
from fe_saliency.trace.recipe import recipe_of
from fe_saliency.watch import Corner

SMOOTH = smooth("gradient_x_input")
MIXED = ["gradient_x_input", (SMOOTH, 6), ("fusiongrad", (4, 3))]


def recipe(methods, **options):
    arguments = {"signed": False, "measured": None, "controls": (), **options}
    net = SaliencyNet(model("squeeze", "torch", "float32"), "x", "y")
    return recipe_of(25, (100, 6), methods=planned_maps(methods, net), **arguments)


def test_they_are_the_columns(backend):
    made = classifier(backend)
    trace = saliency(made, methods=MIXED, mode="test", samples=3, strict=True, max_rows=8)
    figure = drawn(made, trace, dataset(backend))["saliency"]
    expected = {"Gradient x input": ("gradient_x_input", None), SMOOTH.title: (SMOOTH, 6), "FusionGrad": MIXED[2]}
    assert titles(figure)[-3:] == list(expected) and len(titles(figure)) == 4 + 3
    for title, (method, nsamples) in expected.items():
        raw = trace.net.attribute({"x": images(backend, 3)}, method, nsamples=nsamples).maps["x"]
        mask = to_mask(to_host(raw))
        assert np.abs(contents(column(figure, title)) - mask).max() < 1e-5


def test_names_and_costs():
    found = recipe([*MIXED, "noisegrad", "integrated_gradients"])
    names = ["gradient_x_input", SMOOTH.name, "fusiongrad", "noisegrad", "integrated_gradients"]
    assert [each.name for each in found.maps] == names
    assert [each.cost for each in found.maps] == [1, 6, 12, 10, 25]
    assert found.cost == 54 and found.chosen.name == "integrated_gradients"
    assert recipe(MIXED, measured="gradient_x_input", controls=("randomised",)).cost == 1 + 6 + 12 + 1
    assert recipe("vargrad").maps[0].cost == 25
    assert recipe("xrai").cost == 50 and recipe([("xrai", {"nsamples": 3, "baseline": "zero"})]).cost == 3
    assert recipe(None).cost == 726


def test_they_fit_a_budget():
    full = recipe(["gradient", "smoothgrad", ("fusiongrad", (10, 25)), ("vargrad", 2)])
    assert full.cost == 1 + 25 + 250 + 2
    assert [each.nsamples for each in least(full).maps] == [(), (4,), (2, 4), (2,)]
    half = fitted(full, 139)
    assert 100 < half.cost <= 139 and [each.name for each in half.maps] == [each.name for each in full.maps]
    assert fitted(full, full.cost) == full


def test_the_budget_is_told(backend, capsys):
    made = classifier(backend)
    trace = saliency(made, methods=["gradient", "smoothgrad", ("fusiongrad", (6, 10))], samples=2, budget=100)
    estimator(backend, made, [trace], evaluation=dataset(backend)).fit()
    lines = [line for line in capsys.readouterr().out.splitlines() if "gradient evaluations" in line]
    assert lines == [
        "FastEstimator-Saliency: 96 gradient evaluations per epoch (2 samples x 48), every epoch "
        "(budget 100: smoothgrad 25 -> 19, fusiongrad (6, 10) -> (4, 7))."
    ]


def test_all_instruments_know_them_by_name(backend, tmp_path, caplog):
    """Numbers, scale, controls, files and films."""
    made = classifier(backend)
    own = Method("mine: a/b", "Mine", "none", SMOOTH.brackets)
    trace = saliency(
        made,
        methods=[("noisegrad", 2), (own, 3)],
        mode="eval",
        samples=2,
        measured="noisegrad",
        measures=True,
        scale={"noisegrad": 1.0, own.name: 2.0},
        controls=("untrained", "randomised"),
        save_dir=tmp_path,
        max_rows=8,
    )
    with caplog.at_level(logging.ERROR, "fe_saliency"):
        history = estimator(backend, made, [trace], evaluation=dataset(backend), epochs=1).fit("named").history
    assert not caplog.records
    assert 0 <= list(history["eval"]["saliency_gini"].values())[-1] <= 1
    record = next(iter(archive.load(tmp_path)))
    assert list(record.maps) == ["noisegrad", own.name, "untrained", "randomised"]
    assert record.settings["measured"] == "noisegrad"
    assert record.settings["methods"] == {"noisegrad": [2], own.name: [3]}
    assert list(record.relative_error) == ["noisegrad", own.name]
    assert {path.name for path in tmp_path.glob("*/film_*.png")} == {
        *("film_eval_noisegrad.png", "film_eval_mine_a_b.png"),
        *("film_eval_untrained.png", "film_eval_randomised.png"),
    }


ODD = 'a/b "c" $d'


def test_a_method_may_stand_twice_with_other_options(backend, tmp_path):
    """They are told what `attribute` is told; numbers, controls, files, films and tags know them by their names."""
    made, x = classifier(backend), images(backend, 4)
    rows, options = {"x": x[:1], "y": np.zeros(1, int)}, {"nsamples": 3}
    methods = {
        "same": ("integrated_gradients", options | {"baseline": x[0]}),
        "other": ("integrated_gradients", options | {"baseline": {"x": "zero"}}),
        ODD: ("expected_gradients", options | {"baseline": FromData(x)}),
        "wide": ("smoothgrad", options | {"stdev_spread": 2}),
    }
    trace = saliency(
        made, methods=methods, samples=rows, mode="eval", measured="same", measures="trust",
        scale=dict.fromkeys(methods, 1.0), controls=("untrained", "randomised"), save_dir=tmp_path / "maps",
        strict=True,
    )  # fmt: skip
    board = TensorBoard(log_dir=str(tmp_path / "logs"), write_images="saliency", write_graph=False)
    evaluation = dataset(backend)
    history = estimator(backend, made, [trace, board], evaluation=evaluation, epochs=1).fit("twice").history["eval"]
    assert list(history["saliency_completeness_gap"].values()) == [pytest.approx(0, abs=1e-6)]
    record = next(iter(archive.load(tmp_path / "maps")))
    assert list(record.maps) == [*methods, "untrained", "randomised"]
    for name, (method, told) in methods.items():
        expected = np.asarray(trace.net.attribute({"x": x[:1]}, method, **told).maps["x"])
        np.testing.assert_allclose(record.maps[name]["x"], expected, atol=1e-6)
        assert not expected.any() if name == "same" else expected.any()
    for control in ("untrained", "randomised"):  # From the input to itself there is nothing to attribute.
        assert not record.maps[control]["x"].any()
    assert record.settings["options"]["wide"] == {"method": "smoothgrad", "stdev_spread": 2}
    assert record.settings["options"][ODD] == {"method": "expected_gradients", "baseline": "FromData"}
    films = {path.name for path in tmp_path.rglob("film_*.png")}
    assert films == {
        f"film_eval_{name}.png" for name in ("same", "other", "a_b_c_d", "wide", "untrained", "randomised")
    }
    (folder,) = (tmp_path / "logs").glob("*/eval")
    tags = EventAccumulator(str(folder)).Reload().Tags()["images"]
    assert [tag.removesuffix("/image/0").count("/") for tag in tags if '"c" $d' in tag] == [2]


def test_layers_of_class_activation_maps(backend):
    methods = {"last": "gradcam", "first": ("gradcam", {"layer": "branches.0.0" if backend == "torch" else 1})}
    trace, figure = pictures(backend, methods=methods)
    rows = {"x": trace.samples.at(("test", ""))["x"]}
    for name, layer in (("last", None), ("first", methods["first"][1]["layer"])):
        raw = np.asarray(trace.net.attribute(rows, "gradcam", layer=layer).maps["x"])
        np.testing.assert_allclose(
            contents(column(figure, name)), to_mask(raw, trace.net.channel_axis).reshape(3, 8, 10, 1), atol=1e-5
        )


def test_equal_titles_are_told_apart():
    one, other = noisy_weights(stdev=0.1), noisy_weights(stdev=0.3)
    named = [Method("a", "T", "-"), Method("b", "T", "-"), "gradient"]
    assert [each.title for each in recipe(named).maps] == ["a", "b", "Gradient"]
    assert len({each.title for each in recipe([one, other]).maps}) == 2


@pytest.mark.parametrize(
    "methods, error, message",
    [
        (["gradcam?"], ValueError, r"`method` \(='gradcam\?'\) must be one of 'gradient'"),
        ([], ValueError, r"`methods` \(=\[\]\) must name at least one method"),
        (
            3,
            TypeError,
            r"`methods` \(=3\) must be a list, or a dict by the names of the maps, of entries that are each",
        ),
        (("smoothgrad", 4), TypeError, r"\(=\('smoothgrad', 4\)\) must be a list.*`methods=\[\('smoothgrad', 4\)\]`"),
        (["smoothgrad", {}], TypeError, r"must be a list, but is one entry of one"),
        (["gradient", 5, 6], TypeError, r"`methods\[1\]` \(=5\) must be a method's name, a Method, or a pair"),
        ([("smoothgrad", 4, 0.1)], TypeError, r"`methods\[0\]` \(=\('smoothgrad', 4, 0.1\)\) must be a .* or a pair"),
        ({3: "gradient"}, TypeError, r"`methods` \(with 3\) must name each map by a text"),
        ({"mine": "gradcam?"}, ValueError, r"`methods\['mine'\]`: `method` \(='gradcam\?'\)"),
        ({}, ValueError, r"`methods` \(=\{\}\) must name at least one method"),
        ({"": "gradient"}, ValueError, r"must have different names.*\[''\] are the same, empty or taken"),
        ({"a b": "gradient", "A:b": "vargrad"}, ValueError, r"\['a b', 'A:b'\] are the same"),
        ({"overlay": "gradient"}, ValueError, r"\['overlay'\] are the same, empty or taken"),
        ([regions("expected_gradients")], ValueError, r"`methods\[0\]`: `baseline` must be given .* FromData\(rows\)"),
        ([("idgi", {"baseline": OfInputs(0)})], ValueError, r"`baseline` \(=OfInputs\) is for what a layer gives"),
        (["expected_gradients"], ValueError, r"`methods\[0\]`: `baseline` must be given .* FromData\(rows\)"),
        ([("idgi", {"baseline": "uniform"})], ValueError, r"`baseline` for \['x'\] must not be random"),
        ([("expected_gradients", {"baseline": "zero"})], ValueError, r"`baseline` for `x` .* drawn from data here"),
        (
            [("idgi", {"baseline": MeanOf("z")})],
            ValueError,
            r"`baseline` reads \['z'\] of the batch, but the Trace keeps",
        ),
        ([("gradient", {"baseline": "zero"})], ValueError, r"`baseline` must be None for the method 'gradient'"),
        ([("idgi", {"baseline": "grey"})], ValueError, r"`baseline` \(='grey'\) must be one of"),
        ([("smoothgrad", {"stdev_spread": -1})], ValueError, r"`methods\[0\]`: `stdev_spread` \(=-1\)"),
        ([("smoothgrad", {"layer": 0})], ValueError, r"`layer` \(=0\) must be left out for the method 'smoothgrad'"),
        ([("gradcam", {"layer": "top"})], ValueError, r"`methods\[0\]`: `layer` \(='top'\) must be the name or index"),
        (
            [("gradient", {"target": 3})],
            ValueError,
            r"`methods\[0\]` \(with 'target'\) must have no options but nsamples",
        ),
        ([("smoothgrad", 0)], ValueError, r"`nsamples` \(=0\) must be at least 1 for Noise in the method 'smoothgrad'"),
        ([("fusiongrad", 4)], ValueError, r"`nsamples` \(=4\) must be 2 whole numbers, \(NoisyWeights, Noise\)"),
        (
            ["gradient", "gradient"],
            ValueError,
            r"must have different names.*\['gradient', .*are the same.*\{name: entry\}",
        ),
        ([Method("untrained", "U", "-")], ValueError, r"none of \('untrained', 'randomised', 'Overlay'\)"),
    ],
)
def test_bad_ones_are_refused_at_once(methods, error, message):
    with pytest.raises(error, match=message):
        saliency(classifier("torch"), methods=methods)


def test_what_is_measured_must_be_one_of_them():
    with pytest.raises(ValueError, match=r"`measured` \(='vanilla'\) must be one of .* gradient: see `methods`"):
        saliency(classifier("torch"), methods=["gradient"], measured="vanilla")
    with pytest.raises(ValueError, match=r"\(methods=\[\('smoothgrad', 4\)\]\). Raise it.* name fewer `methods`"):
        saliency(classifier("torch"), methods=["smoothgrad"], samples=2, budget=7)


CAM = ["gradient", "gradcam", smooth("layercam")]


def pictures(backend, **options):
    """A Trace of a model of images of two channels, and the titles and columns that it leaves."""
    made, x = model("squeeze", backend, "float32"), batch("squeeze", backend, 3, "float32")["x"]
    options = {"methods": CAM, "mode": "test", "outputs": "m", "max_rows": 8, "strict": True, **options}
    trace = Saliency(made, "x", "y", **options)
    return trace, drawn(made, trace, fe.dataset.NumpyDataset({"x": np.array(x)}), outputs="y")["m"]


def test_class_activation_maps(backend):
    scale = dict.fromkeys(["gradient", "gradcam", CAM[-1].name], 1.0)
    trace, figure = pictures(backend, measures=True, watch=Corner("top left", 2), scale=scale)
    assert titles(figure)[-3:] == ["Gradient", "Grad-CAM", smooth("layercam").title]
    rows = {"x": trace.samples.at(("test", ""))["x"]}
    raw = np.asarray(trace.net.attribute(rows, "gradcam").maps["x"])
    assert raw.shape[trace.net.channel_axis] == 1 and rows["x"].shape[trace.net.channel_axis] == 2
    np.testing.assert_allclose(contents(column(figure, "Grad-CAM")), np.minimum(raw.reshape(3, 8, 10, 1), 1), atol=1e-5)


@pytest.mark.parametrize("measured", ["gradient", "squared_gradient"])
def test_signed_colours_are_of_maps_that_have_a_sign(backend, measured, tmp_path):
    made, named = classifier(backend), ["squared_gradient", ("smoothgrad", 4), "gradient"]
    trace = saliency(
        made, methods=named, measured=measured, controls=("untrained", "randomised"), signed=True, scale=1,
        mode="eval", samples=2, save_dir=tmp_path, strict=True,
    )  # fmt: skip
    figures = Figures()
    estimator(backend, made, [trace, figures], evaluation=dataset(backend), epochs=1).fit()
    record = archive.load(tmp_path).record(1)
    told = {title: name for name, title in record.settings["titles"].items()}
    kinds = {told[each.title]: type(each) for each in figures.displays()[0].sections[0].columns if each.title in told}
    control = MaskColumn if measured == "squared_gradient" else SignedColumn
    expected = {"squared_gradient": MaskColumn, "smoothgrad": SignedColumn, "gradient": SignedColumn}
    assert kinds == {**expected, "untrained": control, "randomised": control}
    raw = record.maps["squared_gradient"]["x"]
    assert record.settings["scales"]["squared_gradient"]["x"] == common_scale(raw, record.channel_axis)


def test_class_activation_maps_of_copies(backend):
    """A copy in TensorFlow is a graph without layers."""
    if backend == "tf":
        expected = r"`controls` .* the measured one, 'gradcam', is none: .* no layers in TensorFlow.* in `measured`"
        with pytest.raises(ValueError, match=expected):
            pictures(backend, controls="randomised", measured="gradcam")
    else:
        _, figure = pictures(backend, controls="randomised", measured="gradcam")
        assert titles(figure)[-1] == "Grad-CAM of shuffled weights"
    _, figure = pictures(backend, controls="randomised", measured="gradient")
    assert titles(figure)[-1] == "Gradient of shuffled weights"


def test_class_activation_maps_of_several_inputs_are_refused(backend):
    made = model("two_inputs", backend, "float32")
    expected = (
        r"`methods\[1\]`: `method` \(='gradcam'\) is a class .* needs a map of each.*the model has \['x0', 'x1'\]"
    )
    with pytest.raises(ValueError, match=expected):
        Saliency(made, ["x0", "x1"], "y", outputs=["m0", "m1"], methods=CAM)


def test_regions_below_zero_are_not_drawn_like_those_above(backend, tmp_path):
    made = classifier(backend)
    trace = saliency(made, methods={"found": regions("gradient")}, signed=True, mode="eval", samples=2, strict=True)
    figures = Figures()
    estimator(backend, made, [trace, figures], evaluation=dataset(backend), epochs=1).fit()
    (drawn_map,) = (each for each in figures.displays()[0].sections[0].columns if each.title == "found")
    assert isinstance(drawn_map, SignedColumn)


def test_a_method_that_needs_scikit_image_says_so_at_once(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    with pytest.raises(ImportError, match="scikit-image"):
        saliency(classifier("torch"), methods=["xrai"])
