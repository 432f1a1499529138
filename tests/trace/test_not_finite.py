"""A map that is not finite is a cell that says so, in figures, tiles and films; nothing else is touched."""

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from fastestimator.backend import set_lr
from fastestimator.trace.io import TensorBoard
from training import Figures, column, contents, dataset, estimator, images, saliency, seed_everything

from fe_saliency.display import SignedColumn
from fe_saliency.display.colors import FRAME

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
