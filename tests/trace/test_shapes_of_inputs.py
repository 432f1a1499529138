"""Tables, signals, volumes and what cannot be drawn, through the whole Trace: figure, tags, films and numbers."""

import logging
import re

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from fastestimator.trace.io.tensorboard import TensorBoard
from fastestimator.trace.trace import Trace
from training import CLASSES, Figures, classifier, dataset, drawn, estimator, saliency, titles

from fe_saliency import archive
from fe_saliency.display import ImageColumn, MaskColumn, SignalColumn, SignedColumn, TextColumn
from fe_saliency.trace import Saliency

#: Shapes of one row, channels-last.
SHAPES = {
    "table": (5,),
    "wide table": (30,),
    "signal": (20, 2),
    "signals": (20, 12),
    "image": (8, 8, 1),
    "hyperspectral": (6, 6, 12),
    "volume": (6, 5, 4, 1),
    "no picture": (2, 3, 2, 3, 1),
}
PLACES = ("table", "signal", "volume", "no picture")


def laid_out(backend, shape):
    return (shape[-1], *shape[:-1]) if backend == "torch" and len(shape) > 1 else shape


def rows(backend, kind, count=6):
    """Rows of which one place alone tells the class, in the backend's layout."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(count, *SHAPES[kind])) * 0.1
    values.reshape(count, -1)[np.arange(count), np.arange(count) % CLASSES] += 3
    values = values.astype("float32")
    return np.moveaxis(values, -1, 1).copy() if backend == "torch" and values.ndim > 2 else values


class Numbers(Trace):
    """Keeps what the Trace leaves of numbers."""

    def __init__(self):
        self.found = []
        super().__init__(inputs="*", mode="eval")

    def on_epoch_end(self, data):
        self.found.append({key: float(np.asarray(data[key])) for key in data if key.startswith("saliency_")})


def trained(backend, kind, tmp_path=None, epochs=2, traces=(), **options):
    """The figures and the numbers of a small training."""
    model = classifier(backend, shape=laid_out(backend, SHAPES[kind]))
    trace = saliency(model, mode="eval", samples=3, smoothing=2, integrating=(4, 2), save_dir=tmp_path, **options)
    figures, numbers = Figures(), Numbers()
    train, test = (dataset(backend, x=rows(backend, kind)) for _ in range(2))
    every = [trace, figures, numbers, *traces]
    estimator(backend, model, every, train=train, evaluation=test, epochs=epochs).fit()
    return figures.displays(), numbers.found


@pytest.mark.slow
@pytest.mark.parametrize("kind", SHAPES)
def test_figures_and_numbers_come_of_every_shape(backend, kind, tmp_path, caplog):
    options = {"measures": True, "controls": "randomised", "signed": True, "scale": 1}
    with caplog.at_level(logging.WARNING, "fe_saliency"):
        figures, numbers = trained(backend, kind, tmp_path, strict=True, **options)
    assert not [each for each in caplog.records if each.name == "fe_saliency"]
    assert len(figures) == 2
    for figure in figures:
        picture = figure.prepare()
        assert picture.dtype == np.uint8 and picture.ndim == 4 and picture.shape[::3] == (1, 3)
    last = numbers[-1]
    assert {"saliency_gini", "saliency_ssim_to_previous", "saliency_emprt", "saliency_score"} <= set(last)
    known = [key for key, value in last.items() if np.isfinite(value)]
    assert len(known) >= 12, last
    record = archive.load(tmp_path).record(2)
    assert record.maps["vanilla"]["x"].shape == (3, *laid_out(backend, SHAPES[kind]))
    films = sorted(tmp_path.rglob("film_*.png"))
    assert len(films) == (0 if kind == "no picture" else 5)


def test_a_table_is_bars_with_the_names_of_its_features(backend):
    names = ["a", "b", "c", "d", "e"]
    (figure,), _ = trained(backend, "table", epochs=1, signed=True, feature_names=names, strict=True)
    assert titles(figure)[2:] == ["Input x", "Vanilla gradient", "Smoothed", "Integrated", "Smoothed integrated"]
    for column in figure.sections[0].columns[3:]:
        assert isinstance(column, SignedColumn) and column.parts.labels == [names] * 3


def test_a_signal_is_lines_and_a_volume_is_slices(backend):
    (figure,), _ = trained(backend, "signal", epochs=1, strict=True)
    given, over = figure.sections[0].columns[2:4]
    assert isinstance(given, SignalColumn) and isinstance(over, SignalColumn) and over.maps is not None
    expected = rows(backend, "signal", 3)
    assert np.array_equal(given.signals, np.moveaxis(expected, 1, -1) if backend == "torch" else expected)
    (figure,), _ = trained(backend, "volume", epochs=1, strict=True)
    given, over, *maps = figure.sections[0].columns[2:]
    assert isinstance(over, ImageColumn) and all(isinstance(each, MaskColumn) for each in maps)
    assert given.parts.indices.shape == (3, 3)


def test_what_cannot_be_drawn_says_so_in_the_figure(backend):
    (figure,), _ = trained(backend, "no picture", epochs=1, strict=True)
    last = figure.sections[0].columns[-1]
    shape = laid_out(backend, SHAPES["no picture"])
    assert isinstance(last, TextColumn) and last.texts == [f"shape {shape} cannot be drawn"] * 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLACES)
def test_every_sample_and_map_has_a_tag(backend, kind, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trained(backend, kind, epochs=1, strict=True, traces=[TensorBoard(log_dir=str(tmp_path), write_images="saliency")])
    found = set()
    for folder in {path.parent for path in tmp_path.rglob("events*")}:
        events = EventAccumulator(str(folder), size_guidance={"images": 0})
        events.Reload()
        found |= set(events.Tags()["images"])
    tags = {tag for tag in found if "sample 1/" in tag}
    assert len(tags) == {"table": 4, "signal": 5, "volume": 5, "no picture": 0}[kind]
    assert any(tag.startswith("saliency") for tag in found)


def test_several_inputs_of_several_shapes(backend):
    """A table beside a signal: each has its own figure; nothing has pictures of both."""
    shapes = {"a": SHAPES["table"], "b": SHAPES["signal"], "c": SHAPES["no picture"]}

    def in_tf():
        given = [tf.keras.Input(shape) for shape in shapes.values()]
        flat = tf.keras.layers.Concatenate()([tf.keras.layers.Flatten()(each) for each in given])
        return tf.keras.Model(given, tf.keras.layers.Dense(CLASSES, activation="softmax")(flat))

    class InTorch(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.end = torch.nn.Linear(sum(map(np.prod, shapes.values())), CLASSES)

        def forward(self, given):
            return torch.softmax(self.end(torch.cat([each.flatten(1) for each in given], 1)), 1)

    model = fe.build({"tf": in_tf, "torch": InTorch}[backend], None)
    rng = np.random.default_rng(0)
    fixed = {key: rng.normal(size=(2, *laid_out(backend, shape))).astype("float32") for key, shape in shapes.items()}
    trace = Saliency(
        model, list(shapes), "y_pred", outputs=["sa", "sb", "sc"], samples=fixed, smoothing=2, integrating=2,
        mode="test", strict=True, measures=True, feature_names={"a": list("vwxyz")},
    )  # fmt: skip
    found = drawn(model, trace, fe.dataset.NumpyDataset(fixed), inputs=list(shapes))
    assert all(found[key].image.ndim == 3 for key in ("sa", "sb", "sc"))
    assert found["sa"].sections[0].columns[2].parts.labels[0] == list("vwxyz")
    assert isinstance(found["sb"].sections[0].columns[1], SignalColumn)
    assert isinstance(found["sc"].sections[0].columns[-1], TextColumn)


@pytest.mark.parametrize(
    "names, error, message",
    [
        ({"z": ["a"]}, ValueError, r"`feature_names` \(of \['z'\]\) must be of model inputs, which are \['x'\]"),
        ("abcde", TypeError, r"`feature_names` \(='abcde' of 'x'\) must be a list"),
        (3, TypeError, r"`feature_names` \(=3 of 'x'\) must be a list"),
    ],
)
def test_names_that_are_none(names, error, message):
    with pytest.raises(error, match=message):
        saliency(classifier("torch", shape=(5,)), feature_names=names)


UNFIT = r"`feature_names` \(2 of 'x'\) must be one for each of its 5 features"


def test_names_that_do_not_fit_are_told_once_and_indices_take_their_place(backend, caplog):
    with caplog.at_level(logging.ERROR, "fe_saliency"):
        figures, numbers = trained(backend, "table", feature_names=["a", "b"], measures="concentration")
    assert [figure.sections[0].columns[-1].parts.labels[0] for figure in figures] == [[f"x[{n}]" for n in range(5)]] * 2
    assert np.isfinite(numbers[-1]["saliency_gini"])
    (told,) = [each for each in caplog.records if each.name == "fe_saliency"]
    assert "calls the features of 'x' by their indices" in told.getMessage()
    assert re.match(UNFIT, str(told.exc_info[1]))


class Steps(Trace):
    """Counts the training steps that were begun."""

    def __init__(self):
        self.count = 0
        super().__init__(mode="train")

    def on_batch_begin(self, data):
        self.count += 1


def test_names_that_do_not_fit_stop_a_strict_training_at_its_first_batch(backend):
    steps = Steps()
    with pytest.raises(ValueError, match=UNFIT):
        trained(backend, "table", feature_names=["a", "b"], strict=True, traces=[steps])
    assert steps.count == 1
    fixed = {"x": rows(backend, "table"), "y": np.arange(6) % CLASSES}
    with pytest.raises(ValueError, match=UNFIT):
        saliency(classifier(backend, shape=(5,)), samples=fixed, feature_names=["a", "b"])
