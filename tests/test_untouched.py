"""Nothing else changes: a training with the Trace, or with SaliencyNet in the middle of it, ends in the same bits."""

from functools import lru_cache

import pytest
from fastestimator.network import BaseNetwork
from fastestimator.trace.trace import Trace
from fastestimator.xai import SaliencyNet as OldSaliencyNet
from training import calls_of
from untouched import disturbable, layer, optimizer_state, same, train

from fe_saliency import SaliencyNet
from fe_saliency.trace import Saliency


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a training comes to by itself; trained once for each backend."""

    @lru_cache
    def numbers(backend):
        return train(backend, tmp_path_factory.mktemp("undisturbed"))[1]

    return numbers


class InTheMiddle(Trace):
    """Explains every batch of the training, by every getter."""

    def __init__(self, model):
        super().__init__(inputs=["x", "y"], mode="train")
        self.net = SaliencyNet(model, "x", "y_pred")
        self.calls = 0

    def on_batch_end(self, data):
        batch = {"x": data["x"]}
        self.net.get_masks(batch)
        self.net.get_smoothed_masks(batch, nsamples=2, nintegration=2)
        self.net.get_integrated_masks(batch, nsamples=3)
        self.net.attribute({**batch, "SaliencyNet_Target_Index_y_pred": data["y"]}, "vargrad", nsamples=2)
        with pytest.raises(ValueError, match="no key 'x'"):
            self.net.get_masks({})
        self.calls += 1


def test_the_training_itself(backend, tmp_path, undisturbed):
    """It repeats bit for bit, goes through both optimizers, and leaves the frozen layer alone."""
    start = disturbable(backend)
    end, numbers = train(backend, tmp_path)
    assert same(numbers, undisturbed(backend))
    assert same(layer(end, 3), layer(start, 3))
    for index in (0, 1, -1 if backend == "tf" else 6):
        assert all((a != b).any() for a, b in zip(layer(end, index), layer(start, index), strict=True))
    assert len({id(optimizer) for optimizer in end.optimizer.get_all_values()}) == 2
    assert len(optimizer_state(end)) >= 12


class OldInTheMiddle(Trace):
    """The same with FastEstimator's own SaliencyNet."""

    def __init__(self, model):
        super().__init__(inputs="x", mode="train")
        self.net = OldSaliencyNet(model, "x", "y_pred")

    def on_batch_end(self, data):
        self.net.get_smoothed_masks({"x": data["x"]}, nsamples=2)


@pytest.mark.parametrize("options", [{"seed": 1}, {"watch": lambda model: [OldInTheMiddle(model)]}])
def test_the_comparison_can_fail(backend, options, tmp_path, undisturbed):
    assert not same(train(backend, tmp_path, **options)[1], undisturbed(backend))


def test_the_trace_changes_nothing(backend, tmp_path, undisturbed):
    def watch(model):
        return [Saliency(model, "x", "y_pred", "y", mode=None, smoothing=2, integrating=(2, 2), strict=True)]

    assert same(train(backend, tmp_path, watch)[1], undisturbed(backend))


def test_calls_in_the_middle_of_the_training_change_nothing(backend, tmp_path, undisturbed):
    watching = []

    def watch(model):
        watching.append(InTheMiddle(model))
        return watching

    with calls_of(BaseNetwork, "__enter__") as entries:
        found = train(backend, tmp_path, watch)[1]
    assert watching[0].calls == 6
    assert len(entries) == 4 + 4 * 6, "FastEstimator's four epochs, and one for each call"
    assert same(found, undisturbed(backend))
