"""A training of a model that turns its inputs leaves the figures, numbers and files of the usual one."""

import csv

import numpy as np
import pytest
from PIL import Image
from training import Figures, classifier, contents, dataset, estimator, saliency, seed_everything, titles
from turned import AXIS, other_layout, own_layout, turned

from fe_saliency import archive
from fe_saliency.trace import VarianceOfGradients
from fe_saliency.watch import Corner


def rows(backend):
    """Images of more rows than columns, in colour, in the own layout."""
    images = np.random.default_rng(2).random((6, 8, 6, 3), dtype=np.float32)
    return np.moveaxis(images, -1, 1).copy() if backend == "torch" else images


def trained(backend, make, other):
    """A training, with a Trace that `make` gives for a model, and what it left; `other` turns model and data."""
    x = rows(backend)
    model = classifier(backend, shape=x.shape[1:])
    if other:
        model, x = turned(backend, model, "sgd"), other_layout(backend, x)
    figures, trace = Figures(), make(model, AXIS[backend] if other else None)
    train, test = dataset(backend, x=x), dataset(backend, x=x)
    made = estimator(backend, model, [trace, figures], train=train, evaluation=test)
    seed_everything()
    history = made.fit("it", warmup=False).history["eval"]
    return figures.displays(), history


@pytest.mark.slow
def test_figures_numbers_and_files(backend, tmp_path):
    def of(folder, other):
        options = {"smoothing": 3, "controls": "randomised", "measures": True, "watch": Corner("top left", 3)}

        def make(model, axis):
            return saliency(model, mode="eval", save_dir=folder, strict=True, channel_axis=axis, **options)

        return *trained(backend, make, other), archive.load(folder).record(2)

    figures, history, record = of(tmp_path / "turned", True)
    expected, expected_history, usual = of(tmp_path / "usual", False)
    assert len(figures) == len(expected) == 2
    for one, other in zip(figures, expected, strict=True):
        assert titles(one) == titles(other)
        for mine, its in zip(one.sections[0].columns, other.sections[0].columns, strict=True):
            if hasattr(its, "texts"):
                assert mine.texts == its.texts
            else:
                np.testing.assert_allclose(contents(mine), contents(its), rtol=1e-3, atol=1e-4)
        apart = np.abs(one.prepare().astype(int) - other.prepare())
        assert one.prepare().std() > 1 and apart.max() <= 1
    assert (record.channel_axis, usual.channel_axis) == (AXIS[backend], -AXIS[backend])
    for name, maps in usual.maps.items():
        np.testing.assert_allclose(own_layout(backend, record.maps[name]["x"]), maps["x"], rtol=1e-3, atol=1e-5)
    numbers = [key for key in expected_history if key.startswith("saliency")]
    assert len(numbers) > 12 and any("corner" in key for key in numbers)
    for key in numbers:
        said, wanted = (list(each[key].values()) for each in (history, expected_history))
        np.testing.assert_allclose(said, wanted, rtol=1e-3, atol=1e-4, err_msg=key)


def test_variance_of_gradients(backend, tmp_path):
    def of(folder, other):
        def make(model, axis):
            return VarianceOfGradients(model, "x", "y_pred", "y", save_dir=str(folder), strict=True, channel_axis=axis)

        trained(backend, make, other)
        (run,) = folder.iterdir()
        with (run / "vog_eval.csv").open() as file:
            return list(csv.DictReader(file)), np.asarray(Image.open(run / "vog_eval.png"), int)

    (found, picture), (expected, usual) = of(tmp_path / "turned", True), of(tmp_path / "usual", False)
    assert len(found) == len(expected) == 6
    for one, other in zip(found, expected, strict=True):
        assert one.pop("differentiated") == other.pop("differentiated") == "logit"
        for key in other:
            assert float(one[key]) == pytest.approx(float(other[key]), rel=1e-3, nan_ok=True)
    assert picture.std() > 1 and np.abs(picture - usual).max() <= 1
