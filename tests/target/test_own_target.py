"""Targets of a user's own, as the documentation writes them: one from the output alone, one fed with the rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from helpers import distance, furthest
from models import batch, maps, net, rows, spec, to_host

from fe_saliency.backend import to_numpy
from fe_saliency.target import Contrast, Predicted, Target


@dataclass(frozen=True)
class Doubt(Target):
    """The entropy of the classes: what makes the model unsure?"""

    def score(self, output, held):
        backend = output.backend
        log_p = backend.log_softmax(output.units())
        return -backend.sum(backend.exp(log_p) * log_p, axis=1)


@dataclass(frozen=True)
class Likeness(Target):
    """Minus the squared distance to the values that a regression should give, (B, N), under a key of the batch."""

    key: Any
    count = 1

    def numbers(self, said, batch, rows):
        return [to_numpy(batch[self.key]).astype(float)]

    def plan(self):
        return Likeness(None)  # one graph, whatever the key

    def score(self, output, held):
        backend, y = output.backend, output.units()
        return -backend.sum((y - backend.repeat(held[0], y)) ** 2, axis=1)


@dataclass(frozen=True)
class Change(Target):
    """How far the output has gone from that of the clean input, which is settled once."""

    count = 1

    def numbers(self, said, batch, rows):
        return [np.zeros((rows, 3))]

    def settle(self, output, numbers):
        return [output.units()]

    def score(self, output, held):
        y = output.units()
        return output.backend.sum((y - output.backend.repeat(held[0], y)) ** 2, axis=1)


WANTED = np.random.default_rng(2).normal(size=(3, 3))


def quadratic():
    """x, the outputs and the weights of the model w * x ** 2 + b."""
    x, layer = rows("quadratic")["x"], spec("quadratic").heads[0][0]
    return x, x**2 @ layer.weight + layer.bias, layer.weight


def test_from_the_output_alone(backend):
    x, y, weight = quadratic()
    p = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    entropy = -(p * np.log(p)).sum(axis=1)
    said = net("quadratic", backend).attribute(batch("quadratic", backend), target=Doubt())
    np.testing.assert_allclose(to_host(said.scores["y"]), entropy, rtol=1e-9)
    slope = -p * (np.log(p) + entropy[:, None])
    assert distance(maps(said)["x"], 2 * x * (slope @ weight.T)) < 1e-9
    assert to_host(said.targets["y"]).tolist() == to_host(said.predictions["y"]).tolist() == [-1] * 3
    assert np.isnan(to_host(said.margins["y"])).all()


@pytest.mark.parametrize("method", ["gradient", "integrated_gradients"])
def test_fed_with_the_rows(method, backend):
    x, y, weight = quadratic()
    given = {**batch("quadratic", backend), "wanted": WANTED}
    options = {} if method == "gradient" else {"nsamples": 64, "baseline": "zero"}
    found = [
        net("quadratic", backend).attribute(given, method, target=Likeness("wanted"), max_rows=size, **options)
        for size in (1, 1000)
    ]
    assert furthest(*map(maps, found)) < 1e-12
    if method == "gradient":
        assert distance(maps(found[0])["x"], -4 * x * ((y - WANTED) @ weight.T)) < 1e-12
    else:
        assert np.abs(found[0].completeness_gap / to_host(found[0].scores["y"])).max() < 1e-2


def test_settled_on_the_clean_input(backend):
    """At the clean input nothing has changed yet; along the path it has, and the mask of the change is held."""
    one, given = net("quadratic", backend), batch("quadratic", backend)
    assert np.abs(maps(one.attribute(given, target=Change()))["x"]).max() < 1e-12
    said = one.attribute(given, "integrated_gradients", nsamples=400, baseline="zero", target=Change())
    x, y, _ = quadratic()
    np.testing.assert_allclose(
        maps(said)["x"].sum(axis=1), -((x**2 @ spec("quadratic").heads[0][0].weight) ** 2).sum(axis=1), rtol=1e-4
    )


def test_own_targets_go_into_others(backend):
    one, given = net("quadratic", backend), batch("quadratic", backend)
    both = maps(one.attribute(given, target=Contrast(Predicted(), Doubt())))["x"]
    parts = [maps(one.attribute(given, target=target))["x"] for target in (Predicted(), Doubt())]
    assert distance(both, parts[0] - parts[1]) < 1e-10
