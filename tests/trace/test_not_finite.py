"""A map that is not finite is a cell that says so, in figures, tiles and films; nothing else is touched."""

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from fastestimator.backend import set_lr
from fastestimator.trace.io import TensorBoard
from training import Figures, classifier, column, contents, dataset, estimator, images, saliency, seed_everything

from fe_saliency import archive, measure
from fe_saliency.display import SignedColumn
from fe_saliency.display.colors import FRAME
from fe_saliency.heat import heat
from fe_saliency.watch import Corner

SPOILT = 1  # this row


class Root(torch.nn.Module):
    def forward(self, x):
        return torch.sqrt(x)


def rooted(backend):
    """A model whose output is finite, and whose gradient is infinite where a pixel is 0."""
    seed_everything()

    def in_tf():
        keras = tf.keras.layers
        root = keras.Lambda(tf.sqrt)
        return tf.keras.Sequential(
            [tf.keras.Input((8, 8, 1)), root, keras.Flatten(), keras.Dense(3, activation="softmax")]
        )

    def in_torch():
        nn = torch.nn
        return nn.Sequential(Root(), nn.Flatten(), nn.Linear(64, 3), nn.Softmax(dim=1))

    return fe.build(model_fn={"tf": in_tf, "torch": in_torch}[backend], optimizer_fn="sgd")


def shown(cells):
    return cells.maps if isinstance(cells, SignedColumn) else contents(cells)


@pytest.mark.parametrize("signed", [False, True])
def test_a_row_is_blank_and_the_others_are_as_they_were(backend, signed, tmp_path):
    found, trained = [], rooted(backend)
    set_lr(trained, 0.0)  # The same weights in all epochs of both trainings.
    for spoilt in (False, True):
        x = images(backend, seed=1)
        if spoilt:
            x[SPOILT, 0, 0, 0] = 0
        figures = Figures()
        folder = tmp_path / str(spoilt)
        options = {"mode": "eval", "samples": 4, "signed": signed, "scale": 2, "strict": True}
        board = TensorBoard(str(folder / "logs"), write_graph=False, write_images="saliency")
        traces = [saliency(trained, save_dir=folder / "maps", **options), figures, board]
        estimator(backend, trained, traces, evaluation=dataset(backend, x=x)).fit()
        assert len(list(folder.rglob("film_eval_vanilla.*"))) == 2
        found.append(figures.displays()[0])
    whole, part = found
    others = np.arange(4) != SPOILT
    for title in ("Vanilla", "Overlay"):
        cells = column(part, title)
        assert np.flatnonzero(cells.blank).tolist() == [SPOILT] and not any(column(whole, title).blank)
        one, other = (shown(each)[others] for each in (cells, column(whole, title)))
        assert np.array_equal(one, other)
    assert (part.image == FRAME).all(axis=-1).sum() - (whole.image == FRAME).all(axis=-1).sum() > 2 * 4000


@pytest.mark.slow
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_sample_that_is_not_finite_costs_its_own_map_only(backend, value, tmp_path, caplog):
    found, trained = [], classifier(backend)
    set_lr(trained, 0.0)
    options = {"mode": "eval", "samples": 4, "smoothing": 4, "score": "logit", "strict": True}
    options |= {"scale": {"vanilla": 0.5, "smoothed": 0.1}}
    options |= {"measures": True, "controls": ("untrained", "randomised"), "watch": Corner("top left", 2)}
    for spoilt in (False, True):
        x, figures = images(backend, seed=1), Figures()
        if spoilt:
            x[SPOILT, 0, 0, 0] = value
        folder = tmp_path / str(spoilt)
        board = TensorBoard(str(folder / "logs"), write_graph=False, write_images="saliency")
        traces = [saliency(trained, save_dir=folder / "maps", **options), figures, board]
        history = estimator(backend, trained, traces, evaluation=dataset(backend, x=x)).fit("told").history["eval"]
        assert len(list(folder.rglob("film_eval_*.gif"))) == 4
        found.append((figures.displays()[0], archive.load(folder / "maps").record(2), history))
    (whole, kept, _), (part, mine, history) = found
    others = np.arange(4) != SPOILT
    for title in ("Input", "Overlay", "Vanilla", "Smoothed", "Smoothed (squared) of the untrained"):
        cells = column(part, title)
        assert cells.blank == (~others).tolist()
        np.testing.assert_allclose(contents(cells)[others], contents(column(whole, title))[others], atol=1e-4)
    assert (column(part, "Predicted").texts[SPOILT], column(part, "Predicted").correct[SPOILT]) == ("-", None)
    told = {key: list(values.values())[-1] for key, values in history.items() if key.startswith("saliency")}
    assert told["saliency_unusable"] == 0.25
    expected = {
        "gini": measure.gini(heat(kept.maps["smoothed"]["x"], kept.channel_axis)),
        "score": kept.scores["y_pred"],
        "relative_error": kept.relative_error["smoothed"],
    }
    for name, values in expected.items():
        assert told[f"saliency_{name}"] == pytest.approx(values[others].mean(), rel=1e-3, nan_ok=True)
    assert {"saliency_emprt", "saliency_ssim_to_previous", "saliency_top_left_corner_mass_ratio"} <= set(told)
    assert np.isnan(mine.maps["randomised"]["x"][SPOILT]).all() and mine.targets["y_pred"][SPOILT] == -1
    said = [record.getMessage() for record in caplog.records if record.name == "fe_saliency"]
    assert [f"Row(s) {SPOILT} of the eval data" in each for each in said if "hold NaN" in each] == [True]


def test_the_time_of_a_gradient_is_that_of_rows_that_are_finite(backend):
    """A budget of a share of the training time is fixed by it."""
    trained, figures, x = classifier(backend), Figures(), images(backend, seed=1)
    x[SPOILT, 0, 0, 0] = np.nan
    trace = saliency(trained, mode="eval", samples=4, smoothing=4, budget=0.9, strict=True)
    estimator(backend, trained, [trace, figures], evaluation=dataset(backend, x=x)).fit()
    assert trace.budget.limit is not None and len(figures.places) == 2
