"""The model as it was at the start, while it is trained, and when the training is interrupted."""

import pickle

import numpy as np
import pytest
from fastestimator.trace.trace import Trace
from training import classifier, images
from untouched import same, train

from fe_saliency import SaliencyNet
from fe_saliency.backend.weights import weights_of
from fe_saliency.control import Untrained, emprt


def explains(made, **options):
    return SaliencyNet(made, "x", "y_pred", max_rows=16, **options)


def gradient(one, backend):
    return np.asarray(one.attribute({"x": images(backend)}, "smoothgrad", nsamples=3, target=1).maps["x"])


class Controls(Trace):
    """All controls at every step of a training."""

    def __init__(self, made, backend):
        super().__init__(inputs="x", mode="train")
        self.backend = backend
        self.of = explains(made)
        self.untrained = Untrained(self.of)
        self.rises = []

    def on_begin(self, data):
        self.untrained.remember()
        self.first = gradient(self.untrained.net, self.backend)

    def on_batch_end(self, data):
        found = self.of.attribute({"x": data["x"]})
        self.untrained.net.attribute({"x": data["x"]}, target=found.targets)
        self.rises.append(emprt(self.of, {"x": data["x"]}, score="logit").ratio)


def test_a_training_with_all_controls_ends_in_the_same_bits(backend, tmp_path):
    (tmp_path / "with").mkdir()
    watching = []

    def watch(made):
        watching.append(Controls(made, backend))
        return watching

    plain = train(backend, tmp_path)[1]
    made, numbers = train(backend, tmp_path / "with", watch)
    assert same(numbers, plain)
    controls = watching[0]
    assert len(controls.rises) == 6
    assert np.array_equal(gradient(controls.untrained.net, backend), controls.first), "as it was at the start"
    assert not np.array_equal(gradient(explains(made), backend), controls.first), "nothing was learned"


def test_the_first_weights_are_kept(backend):
    made = classifier(backend)
    untrained = Untrained(explains(made))
    with pytest.raises(ValueError, match=r"The untrained model is not known: call `remember\(\)` before the training"):
        untrained.net.attribute({})
    assert untrained.state() is None
    untrained.remember()
    before, other = gradient(untrained.net, backend), classifier(backend, seed=1)
    weights_of(made).write(made, weights_of(other).read(other))
    untrained.remember()
    assert np.array_equal(gradient(untrained.net, backend), before)
    assert not np.array_equal(gradient(explains(made), backend), before)


def test_an_interrupted_training_goes_on_with_it(backend):
    """In another process, where the model begins with other weights, whichever is called first."""
    first = Untrained(explains(classifier(backend)))
    first.remember()
    stored = pickle.dumps(first.state())
    for remembers in (True, False):
        second = Untrained(explains(classifier(backend, seed=1)))
        if remembers:
            second.remember()
        second.restore(pickle.loads(stored))
        second.remember()
        assert np.array_equal(gradient(second.net, backend), gradient(first.net, backend))
    second.restore(None)
    assert second.state() is None


def test_it_goes_with_the_seed_of_its_net(backend):
    one = explains(classifier(backend))
    untrained = Untrained(one)
    untrained.remember()
    one.seed = 5
    assert np.array_equal(gradient(untrained.net, backend), gradient(one, backend))
