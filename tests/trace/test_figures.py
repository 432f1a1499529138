"""What a figure holds: columns, labels, inputs of every shape."""

import fastestimator as fe
import numpy as np
import pytest
from models import batch, model, to_host
from training import CLASSES, classifier, column, contents, dataset, drawn, images, labels, saliency, titles

from fe_saliency import SaliencyNet
from fe_saliency.trace import Saliency

FIRST = ["True y", "Predicted y_pred", "Input x", "Overlay", "Vanilla gradient"]
SMOOTHED, INTEGRATED, BOTH = "Smoothed (squared)", "Integrated", "Smoothed integrated (squared)"


@pytest.mark.parametrize(
    "smoothing, integrating, more",
    [
        (0, 0, []),
        (2, 0, [SMOOTHED]),
        (0, 2, [INTEGRATED]),
        (2, 2, [SMOOTHED, INTEGRATED, BOTH]),
        (0, (2, 2), [INTEGRATED, BOTH]),
        (2, (2, 0), [SMOOTHED, INTEGRATED]),
        (2, (0, 2), [SMOOTHED]),
        (2, [2, 2], [SMOOTHED, INTEGRATED, BOTH]),
    ],
)
def test_what_is_off_has_no_column(smoothing, integrating, more):
    trained = classifier("torch")
    trace = saliency(trained, smoothing=smoothing, integrating=integrating, strict=True)
    assert titles(drawn(trained, trace, dataset("torch"))["saliency"]) == FIRST + more


def test_without_a_class_key_there_is_no_column_of_true_classes():
    trained = classifier("torch")
    display = drawn(trained, saliency(trained, class_key=None), dataset("torch"))["saliency"]
    assert titles(display) == FIRST[1:]
    assert column(display, "Predicted").correct is None


@pytest.mark.parametrize("options", [{"smoothing": -1}, {"integrating": -1}, {"integrating": (1, -1)}])
def test_numbers_below_zero_are_refused(options):
    with pytest.raises(ValueError, match="must be at least 0"):
        saliency(classifier("torch"), **options)


@pytest.mark.parametrize("options", [{"integrating": (1, 2, 3)}, {"integrating": (1,)}])
def test_a_tuple_of_another_length_is_refused(options):
    with pytest.raises(ValueError, match="`integrating`"):
        saliency(classifier("torch"), **options)


def test_the_columns_show_what_the_net_computes(backend):
    trained = classifier(backend)
    trace = saliency(trained, smoothing=3, integrating=(4, 2), seed=5, samples=3)
    display = drawn(trained, trace, dataset(backend))["saliency"]
    rows = {"x": images(backend, 3)}
    net = SaliencyNet(trained, "x", "y_pred", seed=5)
    masks = {
        "Vanilla gradient": net.get_masks(rows),
        SMOOTHED: net.get_smoothed_masks(rows, nsamples=3),
        INTEGRATED: net.get_integrated_masks(rows, nsamples=4),
        BOTH: net.get_smoothed_masks(rows, nsamples=2, nintegration=4),
    }
    for title, found in masks.items():
        assert np.array_equal(contents(column(display, title)), to_host(found["saliency"])), title
    assert np.array_equal(contents(column(display, "Input")), to_host(fe.backend.to_tensor(rows["x"], backend)))
    assert column(display, "Predicted").texts == [str(each) for each in to_host(masks["Integrated"]["y_pred"])]


def test_right_and_wrong_predictions_are_marked():
    trained = classifier("torch")
    found = column(drawn(trained, saliency(trained), dataset("torch"))["saliency"], "Predicted")
    assert found.correct == [text == str(label) for text, label in zip(found.texts, labels(), strict=True)]


@pytest.mark.parametrize("one_hot", [False, True])
def test_names_of_classes(backend, one_hot):
    trained = classifier(backend)
    names = {"zero": 0, "one": 1, "two": 2}
    data = dataset(backend, y=np.eye(CLASSES, dtype="float32")[labels()] if one_hot else labels())
    display = drawn(trained, saliency(trained, label_mapping=names, strict=True), data)["saliency"]
    assert column(display, "True").texts == ["zero", "one", "two"] * 2
    assert set(column(display, "Predicted").texts) <= set(names)


def test_one_sample():
    trained = classifier("torch")
    trace = saliency(trained, label_mapping={"zero": 0, "one": 1, "two": 2}, samples=1, strict=True)
    assert column(drawn(trained, trace, dataset("torch"))["saliency"], "True").texts == ["zero"]


def test_the_overlay_is_that_of_the_rightmost_mask():
    trained = classifier("torch")
    plain, smooth = (
        contents(column(drawn(trained, trace, dataset("torch"))["saliency"], "Overlay"))
        for trace in (saliency(trained), saliency(trained, smoothing=3))
    )
    assert plain.shape == smooth.shape == (6, 8, 8, 3)
    assert not np.array_equal(plain, smooth)


def test_several_inputs_have_a_figure_each_under_their_own_keys(backend):
    keys = ["x0", "x1"]
    made = model("two_inputs", backend, "float32")
    rows = batch("two_inputs", backend, 4, "float32")
    data = fe.dataset.NumpyDataset({**{key: np.array(rows[key]) for key in keys}, "y": labels(4)})
    trace = Saliency(made, keys, "y_pred", "y", outputs=["a", "b"], smoothing=2, integrating=(2, 2), strict=True)
    figures = drawn(made, trace, data, inputs=keys)
    assert set(figures) == {"a", "b"}
    for key, output, shape in (("x0", "a", (4, 6, 6, 1)), ("x1", "b", (4, 5))):
        assert titles(figures[output])[2] == f"Input {key}"
        for title in ("Vanilla", SMOOTHED, INTEGRATED, BOTH):
            assert contents(column(figures[output], title)).shape == shape
        assert figures[output].image.ndim == 3


def test_several_outputs_have_a_column_of_predictions_each():
    made = model("two_outputs", "torch", "float32")
    data = fe.dataset.NumpyDataset({"x": np.array(batch("two_outputs", "torch", 4, "float32")["x"]), "y": labels(4)})
    trace = Saliency(made, "x", ["y0", "y1"], "y", smoothing=0, integrating=0, strict=True)
    display = drawn(made, trace, data, outputs=["y0", "y1"])["saliency"]
    assert titles(display)[:4] == ["True y", "Predicted y0", "Predicted y1", "Input x"]
    assert column(display, "Predicted y0").correct is None, "no telling which of them the class belongs to"


def test_tables(backend):
    made = classifier(backend, shape=(7,))
    x = np.random.default_rng(0).normal(size=(6, 7)).astype("float32")
    trace = saliency(made, smoothing=2, integrating=(2, 2), strict=True)
    display = drawn(made, trace, dataset(backend, x=x))["saliency"]
    assert titles(display) == [title for title in [*FIRST, SMOOTHED, INTEGRATED, BOTH] if title != "Overlay"]
    assert contents(column(display, BOTH)).shape == (6, 7)
    assert display.image.dtype == np.uint8


def test_one_unit(backend):
    made = classifier(backend, outputs=1)
    y = np.array([[0.0], [1.0]] * 3, "float32")
    trace = saliency(made, smoothing=2, integrating=2, label_mapping={"no": 0, "yes": 1}, strict=True)
    display = drawn(made, trace, dataset(backend, y=y))["saliency"]
    assert column(display, "True").texts == ["no", "yes"] * 3
    assert set(column(display, "Predicted").texts) <= {"no", "yes"}
    assert contents(column(display, SMOOTHED)).max() == 1


@pytest.mark.parametrize("channels", [2, 3])
def test_several_channels(backend, channels):
    made = classifier(backend, shape=(8, 8, channels) if backend == "tf" else (channels, 8, 8))
    x = np.random.default_rng(0).random((4, 8, 8, channels), dtype="float32")
    x = np.moveaxis(x, -1, 1).copy() if backend == "torch" else x
    display = drawn(made, saliency(made, strict=True), dataset(backend, 4, x=x))["saliency"]
    assert contents(column(display, "Input")).shape == (4, 8, 8, channels)
    assert contents(column(display, "Vanilla")).shape == (4, 8, 8, 1)


def test_integers_are_drawn_and_explained():
    made = classifier("torch")
    fixed = {"x": (images("torch") * 255).astype("uint8"), "y": labels()}
    with pytest.warns(UserWarning, match="`x` is uint8 but the model computes in float32"):
        display = drawn(made, saliency(made, samples=fixed, strict=True), dataset("torch"))["saliency"]
    assert contents(column(display, "Input")).max() <= 1
    assert contents(column(display, "Vanilla")).max() == 1


def test_true_names_without_a_mapping_are_neither_right_nor_wrong():
    trained = classifier("torch")
    trace = saliency(trained, samples={"x": images("torch", 2), "y": np.array(["cat", "dog"])}, strict=True)
    display = drawn(trained, trace, dataset("torch"))["saliency"]
    assert list(column(display, "True").texts) == ["cat", "dog"]
    assert column(display, "Predicted").correct is None
