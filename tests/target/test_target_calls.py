"""What targets share: how they are said, what is kept of them, what is refused, and what is fixed of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from helpers import distance, furthest
from models import batch, fresh_net, maps, net, to_host
from training import calls_of

from fe_saliency import compose, engine
from fe_saliency.backend.graphs import Graphs
from fe_saliency.control import emprt, mprt
from fe_saliency.target import Class, Contrast, Key, Labels, Mask, Pixel, Predicted, Score, Target, Top, Unit

PREFIX = "SaliencyNet_Target_Index_"


def total(y, *_):
    return y[:, 0] + y[:, 1] * 2


def scaled(y, share):
    return y[:, 0] * share


#: Kind of model -> pairs of targets that differ in numbers only.
PAIRS = [
    ("smooth_mlp", Class(1), Key("label")),
    ("smooth_mlp", Predicted(), Class([0, 1, 2])),
    ("smooth_mlp", Top(1), Top([3, 2, 1])),
    ("smooth_mlp", Contrast(0, 1), Contrast("label", Predicted())),
    ("smooth_mlp", Unit(0), Unit("label")),
    ("smooth_mlp", Labels([0, 1]), Labels({1, 2})),
    ("smooth_mlp", Labels({0, 1, 2}), Labels([0, 1, 1, 0])),
    ("smooth_mlp", Labels(np.eye(3)), Labels("hot")),
    ("smooth_mlp", Score(total, [np.ones(3)]), Score(total, ["share"])),
    ("dense", Mask(0), Mask("label")),
    ("dense", Mask(0, np.ones((5, 4), bool)), Mask("label", "mask")),
    ("dense", Pixel(0, 0, 1), Pixel([1, 2, 3], "label")),
]


def fed(kind, backend):
    more = {"label": np.array([2, 0, 1]), "hot": np.ones((3, 3)), "share": np.zeros(3), "mask": np.ones((3, 5, 4))}
    return {**batch(kind, backend), **more}


@pytest.mark.parametrize("kind, first, second", PAIRS)
def test_other_numbers_make_no_other_graph(kind, first, second):
    one = fresh_net(kind, "tf", max_rows=4)
    options = {"method": "smoothgrad", "nsamples": 4}
    one.attribute(fed(kind, "tf"), target=first, **options)
    with calls_of(engine, "compose") as composed, calls_of(Graphs, "trace") as traced:
        found = one.attribute(fed(kind, "tf"), target=second, **options)
        assert not composed and not traced
        alone = fresh_net(kind, "tf", max_rows=4).attribute(fed(kind, "tf"), target=second, **options)
        assert composed and traced, "what is counted can be seen"
    assert furthest(maps(found), maps(alone)) < 1e-12


def test_a_function_is_traced_once_and_another_anew(backend):
    one, given = fresh_net("smooth_mlp", backend), fed("smooth_mlp", backend)
    with calls_of(engine, "compose") as composed:
        for _ in range(2):
            one.attribute(given, target=Score(total))
        assert len(composed) == 1
        one.attribute(given, target=Score(lambda y: y[:, 2]))
        assert len(composed) == 2
    assert engine.compose is compose.compose


def test_the_argument_goes_before_the_batch(backend):
    one, given = net("smooth_mlp", backend), {**fed("smooth_mlp", backend), PREFIX + "y": [1, 1, 1]}
    assert to_host(one.attribute(given).targets["y"]).tolist() == [1, 1, 1]
    predicted = to_host(one.attribute(given, target=Predicted()).targets["y"]).tolist()
    assert predicted == to_host(one.attribute(given).predictions["y"]).tolist() != [1, 1, 1]


@pytest.mark.parametrize(
    "kind, target", [(kind, target) for kind, *pair in PAIRS for target in pair] + [("smooth_mlp", None)]
)
def test_what_was_explained_can_be_explained_again(kind, target, backend):
    one, given = net(kind, backend), fed(kind, backend)
    said = one.attribute(given, target=target)
    again = one.attribute(batch(kind, backend), target=said.explained)
    assert furthest(maps(again), maps(said)) < 1e-12
    np.testing.assert_array_equal(to_host(again.targets["y"]), to_host(said.targets["y"]))
    assert again.explained["y"].plan() == said.explained["y"].plan(), "one more graph each time"


def test_what_was_explained_is_fixed(backend):
    one, given = net("dense", backend), fed("dense", backend)
    said = one.attribute(given, target=Mask(1))
    other = {"x": given["x"] * 0 + 2.0}
    held = maps(one.attribute(other, target=said.explained))["x"]
    np.testing.assert_array_equal(held != 0, maps(said)["x"] != 0)
    assert ((maps(one.attribute(other, target=Mask(1)))["x"] != 0) != (held != 0)).any()


@pytest.mark.parametrize("target", [Contrast(Predicted(), Top(2)), Labels({0, 1}), Unit(2)])
def test_controls_hold_the_target(target, backend):
    """A model of shuffled weights is explained by what was explained of the trained one."""
    one, given = net("smooth_mlp", backend), fed("smooth_mlp", backend)
    assert np.isfinite(mprt(one, given, target=target).cosine).all()
    assert np.isfinite(emprt(one, given, target=target).ratio).all()


@dataclass(frozen=True)
class Unhashable(Target):
    numbers_of_mine: Any

    def score(self, output, held):
        return output.units()[:, 0]


def column(y):
    return y[:, :1]


def nothing(y):
    return 3.0


def batch_sum(y):
    return (tf.reduce_sum(y, axis=0) if tf.is_tensor(y) else y.sum(0))[:2]


def undefined(y):
    return (y[:, 0] - 1e3) ** 0.5


FLAT = [
    ("nokey", ValueError, r"`target` names the key 'nokey', but `batch` has \['far', 'floats', 'hot', .*add it"),
    (Key("floats"), TypeError, r"`batch\['floats'\]` has dtype float64, but must hold class numbers"),
    (Key("hot"), TypeError, r"`batch\['hot'\]` has dtype float64"),
    (Class([0, 1]), ValueError, r"`target` has shape \(2,\), but must be one class per row, \(3,\)"),
    (Class(np.eye(3, dtype=int)), ValueError, r"`target` has shape \(3, 3\).*`labels.argmax\(axis=1\)`"),
    (Class(7), ValueError, r"`target` names class\(es\) \[7\], but the output has classes 0 to 2"),
    (Class(-1), ValueError, r"`target` names class\(es\) \[-1\], but they are counted from 0"),
    (Key("far"), ValueError, r"`batch\['far'\]` names class\(es\) \[9\]|`target` names class\(es\) \[9\]"),
    (Top(0), ValueError, r"`target` names rank\(s\) \[0\], but they are counted from 1"),
    (Top(4), ValueError, r"`target` names rank\(s\) \[4\], but the output has ranks 1 to 3"),
    (Top(1.5), TypeError, r"`target` has dtype float64, but must hold rank numbers"),
    (Contrast(0, 5), ValueError, r"`target` names class\(es\) \[5\], but the output has classes 0 to 2"),
    (Contrast(None, 1), TypeError, r"`target` has dtype object"),
    (Unit(3), ValueError, r"`target` names unit\(s\) \[3\], but the output has units 0 to 2"),
    (Labels({1, 4}), ValueError, r"`target` names class\(es\) \[4\]"),
    (Labels({-1}), ValueError, r"`target` \(=\[-1\]\) must name classes counted from 0"),
    (Labels([]), ValueError, r"`target` \(=Labels\(\[\]\)\) must name at least one class, such as Labels\({1, 4}\)"),
    (Labels(3), ValueError, r"`target`, of shape \(\), must be labels of 0 and 1 per row and class, \(3, N\)"),
    (Labels(np.full((3, 3), 2)), ValueError, r"`target`, of shape \(3, 3\), must be labels of 0 and 1"),
    (Labels(np.ones((2, 3))), ValueError, r"`target`, of shape \(2, 3\), must be labels of 0 and 1"),
    (Labels(np.ones((3, 4))), ValueError, r"The labels for the output `y` have 4 classes, but it has 3: give \(B, 3\)"),
    (Score(column), ValueError, r"`function` \(=column\) gave \[.*, 1\] for the output `y`.*one score per row.*reduce"),
    (Score(nothing), ValueError, r"`function` \(=nothing\) gave no tensor for the output `y`"),
    (Score(batch_sum), ValueError, r"`function` \(=batch_sum\) gave \[2\]"),
    (Score(undefined), ValueError, r"`target` \(a Score\) makes NaN or infinity of the output `y` in row\(s\) \[0, 1"),
    (Score(total, [np.ones(2)]), ValueError, r"`target.given\[0\]` has shape \(2,\), but must have one entry per row"),
    (Score(total, ["names"]), TypeError, r"`batch\['names'\]` has dtype <U1, but must hold real numbers"),
    (Mask(1), ValueError, r"The model output `y` has shape .*, but must be \(B, .*\) for a target that is a mask"),
    (Unhashable(np.ones(3)), TypeError, r"The plan of `target` \(a Unhashable\) cannot be hashed .*`numbers`"),
    ({"y": Class(7)}, ValueError, r"`target\['y'\]` names class\(es\) \[7\]"),
    ({"z": Predicted()}, ValueError, r"`target` names \['z'\], but the model outputs are \['y'\]"),
]
DENSE = [
    (None, ValueError, r"The model output `y` has shape .*, but must be \(B, N\)"),
    (Unit(0), ValueError, r"The model output `y` has shape .*, but must be \(B, N\)"),
    (Mask(3), ValueError, r"`target` names class\(es\) \[3\], but the output has classes 0 to 2"),
    (Mask(3, np.ones((5, 4))), ValueError, r"`target` names class\(es\) \[3\], but the output has classes 0 to 2"),
    (
        Mask(0, np.ones((4, 5))),
        ValueError,
        r"The mask for the output `y` is \[4, 5\] pixels, but it has \[5, 4\]: resize",
    ),
    (Mask(0, np.full((5, 4), 2)), ValueError, r"`target.mask` must hold bool, or 0 and 1.*`labels == index`"),
    (Mask(0, "names"), TypeError, r"`batch\['names'\]` has dtype <U1, but must hold bool"),
    (
        Mask(0, np.ones((2, 5, 4))),
        ValueError,
        r"`target.mask` has shape \(2, 5, 4\), but must be \(H, W\) or \(3, H, W\)",
    ),
    (Mask(0, "nokey"), ValueError, r"`target.mask` names the key 'nokey'"),
    (Pixel(5, 0, 0), ValueError, r"`target` names row\(s\) \[5\], but the output has rows 0 to 4"),
    (Pixel(0, 4, 0), ValueError, r"`target` names column\(s\) \[4\], but the output has columns 0 to 3"),
    (Pixel(0, -1, 0), ValueError, r"`target` names column\(s\) \[-1\], but they are counted from 0"),
    (Pixel(0, 0, 3), ValueError, r"`target` names class\(es\) \[3\]"),
]


@pytest.mark.parametrize(
    "kind, target, error, message",
    [("smooth_mlp", *case) for case in FLAT] + [("dense", *case) for case in DENSE],
)
def test_refused(kind, target, error, message, backend):
    given = {
        **fed(kind, backend),
        **{"floats": np.ones(3), "far": np.array([0, 9, 1]), "names": np.array(["a", "b", "c"])},
    }
    with pytest.raises(error, match=message):
        net(kind, backend).attribute(given, target=target)


@pytest.mark.parametrize(
    "target, message",
    [(Labels({0}), "is of several classes, but the output `y` has one unit"), (Top(3), r"ranks 1 to 2")],
)
def test_refused_of_one_unit(target, message, backend):
    with pytest.raises(ValueError, match=message):
        net("one_unit", backend).attribute(batch("one_unit", backend), target=target)


def test_a_logit_is_no_probability_in_a_contrast_either(backend):
    with pytest.raises(ValueError, match="takes the one-unit output `y` for a probability"):
        net("one_logit", backend).decide(batch("one_logit", backend, 10), target=Contrast(1, 0), score="probability")


def test_what_was_fixed_for_other_rows_is_refused(backend):
    one = net("smooth_mlp", backend)
    said = one.attribute(batch("smooth_mlp", backend), target=Unit(1))
    with pytest.raises(ValueError, match="was fixed for 3 rows, but the batch has 2"):
        one.attribute(batch("smooth_mlp", backend, 2), target=said.explained)


def test_a_score_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match=r"`function` \(=3\) must be callable"):
        Score(3)


@pytest.mark.parametrize("target", [Contrast(0, 1), Labels(np.eye(3)), Score(scaled, [np.arange(1.0, 4.0)])])
def test_in_single_precision(target, backend):
    """What is fed comes in the model's own dtype."""
    one, given = net("smooth_mlp", backend, "float32"), batch("smooth_mlp", backend, dtype="float32")
    said = one.attribute(given, "smoothgrad", nsamples=4, target=target)
    double = net("smooth_mlp", backend).attribute(batch("smooth_mlp", backend), "smoothgrad", nsamples=4, target=target)
    assert distance(maps(said)["x"], maps(double)["x"]) < 1e-4


@pytest.mark.parametrize("kind, target", [("smooth_mlp", Labels({0, 1})), ("dense", Mask(1))])
def test_beside_a_measured_pace(kind, target, backend):
    one, given = fresh_net(kind, backend, max_rows="auto"), batch(kind, backend, 40)
    said = one.attribute(given, "smoothgrad", nsamples=20, target=target)
    alone = net(kind, backend).attribute(given, "smoothgrad", nsamples=20, target=target, max_rows=500)
    assert furthest(maps(said), maps(alone)) < 1e-9
