"""What maps take as an epoch runs them, by a clock that only they move."""

import pytest

from fe_saliency.trace import cost as module
from fe_saliency.trace.cost import cost
from fe_saliency.trace.fitting import fitted, least
from fe_saliency.trace.recipe import Recipe

FULL, ROWS = Recipe(25, 100, 6), 5
FEW = least(FULL)


class Maps:
    """Take `beside` seconds and `each` for every gradient evaluation; much longer the first time they are computed."""

    def __init__(self, monkeypatch, each, beside):
        self.now, self.done = 0.0, []
        self.each, self.beside = each, beside
        monkeypatch.setattr(module, "perf_counter", lambda: self.now)

    def compute(self, recipe):
        self.now += self.beside + self.each * ROWS * recipe.cost + 100 * (recipe not in self.done)
        self.done.append(recipe)

    def renew(self):
        self.now += 50
        self.done.append("renewed")

    def cost(self, allowed, alone):
        return cost(FULL, ROWS, allowed, alone, self.compute, self.renew)


@pytest.fixture
def maps(monkeypatch):
    return lambda each, beside: Maps(monkeypatch, each, beside)


@pytest.mark.parametrize("each, beside", [(0.002, 0.4), (0.002, 0.0), (0.0011, 0.1)])
def test_a_gradient_in_a_call_may_take_longer_than_alone(each, beside, maps):
    assert maps(each, beside).cost(3.0, 0.001) == (pytest.approx(each), pytest.approx(beside, abs=1e-9))


def test_it_never_takes_less(maps):
    """What says so was disturbed while the least useful maps were measured."""
    assert maps(0.001, 0.4).cost(3.0, 0.002) == (0.002, pytest.approx(0.4 - 0.001 * ROWS * FEW.cost))
    assert maps(0.001, 0.0).cost(3.0, 0.002) == (0.002, 0.0)


def test_measured_are_the_least_useful_maps_and_those_that_seem_to_fit(maps):
    found = maps(0.002, 0.4)
    found.cost(2.0, 0.001)
    seem = fitted(FULL, int((2.0 - 0.4 - 0.001 * ROWS * FEW.cost) / 0.001) // ROWS)
    assert FEW.cost < seem.cost < FULL.cost
    assert found.done == [FEW, "renewed", FEW, seem, "renewed", seem]


@pytest.mark.parametrize("allowed", [0.3, 0.45])
def test_where_no_more_than_the_least_seem_to_fit_nothing_else_is_computed(allowed, maps):
    found = maps(0.001, 0.4)
    assert found.cost(allowed, 0.001) == (0.001, pytest.approx(0.4))
    assert set(found.done) == {FEW, "renewed"}
