"""Targets of outputs (B, N), in closed form: on the model w * x ** 2 each is a sum of units, and so is its gradient."""

import numpy as np
import pytest
import reference
from helpers import distance, furthest
from models import batch, maps, net, rows, spec, to_backend, to_host

from fe_saliency.backend import by_name
from fe_saliency.target import Class, Contrast, Key, Labels, Predicted, Score, Top, Unit

LABEL = np.array([2, 0, 1])
RANK = np.array([3, 1, 2])
HOT = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]])
SHARE = np.random.default_rng(1).normal(size=(3, 3))
SEEN = {"label": LABEL, "rank": RANK, "hot": HOT, "share": SHARE}


def weighed(y, share):
    return y[:, 0] * share[:, 0] + y[:, 1] * share[:, 1] + y[:, 2] * share[:, 2]


def units(kind="quadratic"):
    """The model's outputs, (3, 3)."""
    layer = spec("quadratic").heads[0][0]
    return rows("quadratic")["x"] ** 2 @ layer.weight + layer.bias


def one(index):
    return np.eye(3)[np.broadcast_to(index, 3)]


def ranked(rank):
    return one(np.argsort(-units(), axis=1)[np.arange(3), np.broadcast_to(rank, 3) - 1])


#: name -> (target, the class that is told, the share of each unit in the score (3, 3))
TARGETS = {
    "predicted": (Predicted(), units().argmax(axis=1), ranked(1)),
    "key": (Key("label"), LABEL, one(LABEL)),
    "string": ("label", LABEL, one(LABEL)),
    "class": (Class(2), [2, 2, 2], one(2)),
    "classes": (Class(LABEL), LABEL, one(LABEL)),
    "top": (Top(2), ranked(2).argmax(axis=1), ranked(2)),
    "tops": (Top(RANK), ranked(RANK).argmax(axis=1), ranked(RANK)),
    "top_key": (Top("rank"), ranked(RANK).argmax(axis=1), ranked(RANK)),
    "contrast": (Contrast(0, "label"), None, one(0) - one(LABEL)),
    "contrast_ranks": (Contrast(Predicted(), Top(2)), None, ranked(1) - ranked(2)),
    "contrast_nested": (Contrast(Contrast(LABEL, 1), Labels({0, 1})), None, one(LABEL) - one(1) - one(0) - one(1)),
    "unit": (Unit(1), None, one(1)),
    "units": (Unit(LABEL), None, one(LABEL)),
    "set": (Labels({0, 2}), None, one(0) + one(2)),
    "list": (Labels([1]), None, one(1)),
    "all": (Labels(range(3)), None, np.ones((3, 3))),
    "multi_hot": (Labels(HOT), None, HOT),
    "multi_hot_bool": (Labels(HOT.astype(bool)), None, HOT),
    "multi_hot_key": (Labels("hot"), None, HOT),
    "score": (Score(lambda y: y[:, 0] - 2 * y[:, 1]), None, one(0) - 2 * one(1)),
    "score_given": (Score(weighed, [SHARE]), None, SHARE),
    "score_key": (Score(weighed, ["share"]), None, SHARE),
}


def fed(kind, backend):
    return {**batch(kind, backend), **SEEN}


@pytest.mark.parametrize("name", TARGETS)
def test_gradient_and_what_is_told(name, backend):
    target, index, share = TARGETS[name]
    said = net("quadratic", backend).attribute(fed("quadratic", backend), target=target)
    x, weight = rows("quadratic")["x"], spec("quadratic").heads[0][0].weight
    assert distance(maps(said)["x"], 2 * x * (share @ weight.T)) < 1e-12
    np.testing.assert_allclose(to_host(said.scores["y"]), (share * units()).sum(axis=1), rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(to_host(said.targets["y"]), [-1] * 3 if index is None else index)
    of_classes = not name.startswith(("unit", "score"))
    np.testing.assert_array_equal(to_host(said.predictions["y"]), units().argmax(axis=1) if of_classes else [-1] * 3)
    margins = to_host(said.margins["y"])
    if index is None:
        assert np.isnan(margins).all()
    else:
        others = np.where(one(index) == 1, -np.inf, units()).max(axis=1)
        np.testing.assert_allclose(margins, units()[np.arange(3), index] - others, rtol=1e-10)


@pytest.mark.parametrize("name", TARGETS)
def test_held_for_every_sample(name, backend):
    """The gradient of x ** 2 is linear, so mirrored noise of any size leaves it, unless the target changes with it."""
    target, _, share = TARGETS[name]
    explainer, given = net("quadratic", backend), fed("quadratic", backend)
    options = {"target": target, "max_rows": 1}
    x, weight = rows("quadratic")["x"], spec("quadratic").heads[0][0].weight
    smoothed = explainer.attribute(given, "smoothgrad", nsamples=6, stdev_spread=2.0, **options)
    assert distance(maps(smoothed)["x"], 2 * x * (share @ weight.T)) < 1e-12
    path = explainer.attribute(given, "integrated_gradients", nsamples=5, baseline="zero", **options)
    assert distance(maps(path)["x"], x**2 * (share @ weight.T)) < 1e-12
    assert np.abs(path.completeness_gap).max() < 1e-12


@pytest.mark.parametrize("name", ["tops", "contrast_ranks", "units", "set", "multi_hot", "score_key"])
@pytest.mark.parametrize("method, nsamples", [("vargrad", 5), ("smoothed_integrated_gradients", (4, 3))])
def test_both_backends_and_all_chunks_agree(name, method, nsamples):
    def found(backend, max_rows):
        options = {"target": TARGETS[name][0], "nsamples": nsamples, "max_rows": max_rows}
        return maps(net("smooth_mlp", backend).attribute(fed("smooth_mlp", backend), method, **options))

    whole = found("torch", 100)
    for backend, max_rows in (("tf", 100), ("tf", 2), ("torch", 1)):
        assert furthest(found(backend, max_rows), whole) < 1e-9


@pytest.mark.parametrize("name", ["contrast_ranks", "multi_hot", "score_key"])
def test_random_baselines_and_a_tolerance(name, backend):
    """Rows leave the batch, and what their targets hold with them."""
    explainer, given = net("smooth_mlp", backend), fed("smooth_mlp", backend)
    options = {"target": TARGETS[name][0], "tolerance": 0.05, "nsamples": 400}
    said = explainer.attribute(given, "integrated_gradients", **options)
    assert (np.abs(said.completeness_gap) < 6 * said.completeness_error + 1e-9).all()
    alone = explainer.attribute(given, "integrated_gradients", max_rows=3, **options)
    assert len(set(said.gradient_evaluations)) > 1, "no row left before another"
    assert furthest(maps(alone), maps(said)) < 1e-9


@pytest.mark.parametrize("score", ["logit", "log_probability", "probability"])
def test_on_a_scale(score, backend):
    """Contrasts and sets are of scores; a unit and a score of one's own are what they are."""
    y = units()
    log_probability = y - np.log(np.exp(y).sum(axis=1, keepdims=True))
    scores = {"logit": y, "log_probability": log_probability, "probability": np.exp(log_probability)}[score]
    for name, (target, _, share) in TARGETS.items():
        said = net("quadratic", backend).decide(fed("quadratic", backend), target=target, score=score)
        plain = y if name.startswith(("unit", "score")) else scores
        np.testing.assert_allclose(to_host(said.scores["y"]), (share * plain).sum(axis=1), rtol=1e-9, atol=1e-12)


def test_one_unit(backend):
    """Class 0 is -y and class 1 is y; a unit has no sign."""
    for kind, score in (("one_unit", "output"), ("one_logit", "logit")):
        explainer, given = net(kind, backend), batch(kind, backend, 20)
        y = to_host(explainer.attribute(given, target=Unit(), score=score).scores["y"])
        above = y > (0.5 if score == "output" else 0)
        assert above.any() and not above.all()
        for target, expected in (
            (Top(1), np.where(above, y, -y)),
            (Top(2), np.where(above, -y, y)),
            (Contrast(1, 0), 2 * y),
        ):
            said = explainer.attribute(given, target=target, score=score)
            np.testing.assert_allclose(to_host(said.scores["y"]), expected, rtol=1e-12)
    regression = net("one_logit", backend).attribute(given, target=Unit())
    gradient = net("one_logit", backend).attribute(given, target=1, score="logit")
    assert furthest(maps(regression), maps(gradient)) < 1e-12 and (y < 0).any()


def test_outputs_of_different_targets(backend):
    """The map is that of the sum, so what one output adds does not depend on the target of the other."""
    explainer, given = net("two_outputs", backend), batch("two_outputs", backend)
    pairs = [{"y0": first, "y1": second} for first in (Contrast(0, 1), 0) for second in (Unit(3), 2)]
    said = [explainer.attribute(given, "smoothgrad", nsamples=4, target=pair) for pair in pairs]
    one, two, three, four = (maps(each)["x"] for each in said)
    assert distance(one - two, three - four) < 1e-10 and distance(one, three) > 1e-2
    y0, y1 = reference.outputs("two_outputs", [rows("two_outputs")["x"]])
    np.testing.assert_allclose(to_host(said[0].scores["y0"]), y0[:, 0] - y0[:, 1], rtol=1e-10)
    np.testing.assert_allclose(to_host(said[0].scores["y1"]), y1[:, 3], rtol=1e-10)


def test_top_one_by_one_are_all_classes_in_order(backend):
    explainer, given = net("smooth_mlp", backend), batch("smooth_mlp", backend)
    found = [explainer.attribute(given, target=Top(rank)) for rank in (1, 2, 3)]
    scores = np.stack([to_host(each.scores["y"]) for each in found])
    assert (np.diff(scores, axis=0) < 0).all()
    np.testing.assert_array_equal(np.sort([to_host(each.targets["y"]) for each in found], axis=0).T, [[0, 1, 2]] * 3)


def test_ties_go_to_the_first(backend):
    order = by_name(backend).order(to_backend(np.array([[1.0, 3.0, 3.0, 1.0], [2.0, 2.0, 2.0, 2.0]]), backend))
    np.testing.assert_array_equal(to_host(order), [[1, 2, 0, 3], [0, 1, 2, 3]])
