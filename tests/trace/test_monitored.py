"""FastEstimator's own traces follow our numbers: they stop, save, slow down and write by them."""

import csv

import fastestimator as fe
import numpy as np
import pytest
from fastestimator.trace.adapt import EarlyStopping, ReduceLROnPlateau
from fastestimator.trace.io import BestModelSaver, CSVLogger
from fastestimator.trace.trace import Trace
from training import classifier, dataset, estimator, saliency, weights

NAMES = {"big cat": 0, "dog": 1, "ox": 2}
GINI = "saliency_gini"
CAT = "saliency_gini_class_big_cat"


class Course(Trace):
    """The weights and the numbers at the end of each evaluation."""

    def __init__(self, model):
        super().__init__(inputs="*", mode="eval")
        self.model, self.weights, self.numbers = model, [], []

    def on_epoch_end(self, data):
        self.weights.append(weights(self.model))
        self.numbers.append(dict(data.read_logs()))


def course(backend, more, epochs=4, mapping=NAMES, **options):
    """A training with other traces, `more(model)`: what it came to be, epoch by epoch."""
    trained = classifier(backend)
    trace = saliency(
        trained, label_mapping=mapping, mode="eval", measures="concentration", per_class=True, samples=6, **options
    )
    kept = Course(trained)
    data = dataset(backend, seed=1)
    estimator(backend, trained, [trace, *more(trained), kept], evaluation=data, epochs=epochs).fit()
    return kept


def test_early_stopping_by_the_number_of_a_class(backend):
    """No Gini reaches the baseline, so it stops when its patience ends."""
    kept = course(backend, lambda model: [EarlyStopping(CAT, patience=2, compare="max", baseline=2.0)])
    assert len(kept.numbers) == 2 and all(0 < numbers[CAT] < 1 for numbers in kept.numbers)


def test_early_stopping_finds_the_key_of_a_class_that_no_row_has(backend):
    mapping = {**NAMES, "newt": 3}
    kept = course(backend, lambda model: [EarlyStopping("saliency_gini_class_newt", patience=3)], mapping=mapping)
    assert len(kept.numbers) == 3 and not any("newt" in name for numbers in kept.numbers for name in numbers)


def test_a_class_without_a_name_cannot_be_monitored():
    """As the docstring says: FastEstimator must know all keys before there are any data."""
    with pytest.raises(AssertionError, match="saliency_gini_class_0"):
        course("torch", lambda model: [EarlyStopping("saliency_gini_class_0")], mapping=None)


def test_the_best_model_is_that_of_the_best_number(backend, tmp_path):
    kept = course(backend, lambda model: [BestModelSaver(model, str(tmp_path), CAT, "max", weights_name="best")])
    told = [numbers[CAT] for numbers in kept.numbers]
    assert [numbers[f"max_{CAT}"] for numbers in kept.numbers] == list(np.maximum.accumulate(told))
    again = classifier(backend, seed=5)
    fe.backend.load_model(again, str(tmp_path / f"best.{'h5' if backend == 'tf' else 'pt'}"))
    best = kept.weights[int(np.argmax(told))]
    assert all(np.array_equal(one, other) for one, other in zip(weights(again), best, strict=True))


def test_the_learning_rate_falls_when_a_number_does_not(backend):
    """At a drift that is not defined yet, and at the epochs between those that are drawn, too."""

    def more(model):
        return [ReduceLROnPlateau(model, GINI, patience=1, factor=0.5, best_mode="max")]

    kept = course(backend, more, epochs=6, every=2)
    told, best, falls = float("nan"), -np.inf, []
    for numbers in kept.numbers:
        told = numbers.get(GINI, told)
        falls.append(not told > best)
        best = told if told > best else best
    assert [any(name.endswith("_lr") for name in numbers) for numbers in kept.numbers] == falls
    assert falls[0] and not falls[1] and falls[2]


@pytest.mark.parametrize("names", [None, [GINI, CAT]])
def test_a_table_has_them(backend, names, tmp_path):
    path = tmp_path / "log.csv"
    kept = course(backend, lambda model: [CSVLogger(str(path), names, mode="eval")])
    with open(path, newline="") as file:
        lines = list(csv.DictReader(file))
    for key in (GINI, CAT):
        assert [float(line[key]) for line in lines] == pytest.approx([numbers[key] for numbers in kept.numbers])
