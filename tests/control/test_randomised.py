"""Shuffled copies: which numbers move, which stay, and that the model itself does not notice."""

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import furthest
from models import batch, maps, model, net
from untouched import disturbable, state

from fe_saliency.backend.weights import weights_of
from fe_saliency.control import Randomised, randomised


def read(made):
    return weights_of(made).read(made)


def changed(one, other):
    """Which arrays differ."""
    return {place for place, (a, b) in enumerate(zip(one, other, strict=True)) if not np.array_equal(a, b)}


def owned(made, *numbers):
    layers = weights_of(made).layers(made)
    return {place for number in numbers for place in layers[number][1]}


def test_the_same_numbers_in_another_order_and_statistics_stay(backend):
    made = disturbable(backend)
    before = read(made)
    copy = Randomised(made)
    assert not changed(read(copy.model), before)
    copy.shuffle()
    after = read(copy.model)
    for one, other in zip(before, after, strict=True):
        assert other.dtype == one.dtype
        assert np.array_equal(np.sort(one, axis=None), np.sort(other, axis=None))
    moved = changed(before, after)
    assert moved <= owned(made, 0, 1, 2, 3)
    large = {place for place, array in enumerate(before) if array.size > 10}
    assert len(large) == 2 and large <= moved


def test_the_model_is_left_alone(backend):
    made = disturbable(backend)
    before = state(made)
    for _ in randomised(made, order="independent"):
        pass
    assert state(made) == before


@pytest.mark.parametrize("order, numbers", [("bottom_up", [0, 1, 2]), ("top_down", [2, 1, 0])])
def test_a_cascade_ends_fully_randomised(order, numbers, backend):
    made = model("smooth_conv", backend)
    before, copy = read(made), Randomised(made, seed=1)
    copy.shuffle()
    last, stages = read(copy.model), []
    for done, layer in enumerate(copy.stages(order)):
        assert layer == copy.layers[numbers[done]]
        stages.append(read(copy.model))
        assert changed(stages[-1], before) == owned(made, *numbers[: done + 1])
    assert not changed(stages[-1], last)


def test_independent_stages_shuffle_one_layer_each_as_the_cascade_does(backend):
    made = model("smooth_conv", backend)
    copy = Randomised(made)
    copy.shuffle()
    full = read(copy.model)
    for number, _ in enumerate(copy.stages("independent")):
        stage = read(copy.model)
        assert changed(stage, read(made)) == owned(made, number)
        assert not changed(stage, full) & owned(made, number)


def test_seeds_repeat_and_differ(backend):
    made = model("smooth_conv", backend)
    first, again, other = (Randomised(made, seed=seed) for seed in (1, 1, 2))
    for copy in (first, again, other):
        copy.shuffle()
    assert not changed(read(first.model), read(again.model))
    assert changed(read(first.model), read(other.model)) == owned(made, 0, 1, 2)


def twins(backend):
    """A model of two layers of equal shape, whose weights are 0, 1, 2, ..."""

    def layers():
        dense, linear = tf.keras.layers.Dense, torch.nn.Linear
        if backend == "tf":
            return tf.keras.Sequential([tf.keras.Input((6,)), dense(6), dense(6)])
        return torch.nn.Sequential(linear(6, 6), linear(6, 6))

    made = fe.build(layers, optimizer_fn=None)
    counted = [np.arange(array.size, dtype=array.dtype).reshape(array.shape) for array in read(made)]
    weights_of(made).write(made, counted)
    return made


def test_layers_of_equal_shape_are_shuffled_apart(backend):
    copy = Randomised(twins(backend))
    copy.shuffle()
    first, _, second, _ = read(copy.model)
    assert first.shape == second.shape == (6, 6)
    assert not np.array_equal(first, second)


def test_it_shuffles_the_weights_of_the_moment(backend):
    """Made once, used every epoch."""
    made = weights_of(model("linear", backend)).copy(model("linear", backend))
    copy = Randomised(made)
    weights_of(made).write(made, [array + 100 for array in read(made)])
    copy.shuffle()
    assert all(array.min() > 50 for array in read(copy.model))


@pytest.mark.parametrize("kind", ["smooth_conv", "relu_conv", "two_inputs"])
def test_equal_weights_are_shuffled_equally_on_both_backends(kind):
    found = {}
    for backend in ("tf", "torch"):
        one = net(kind, backend)
        copy = Randomised(one.model, seed=3)
        copy.shuffle()
        plain, found[backend] = (maps(each.attribute(batch(kind, backend))) for each in (one, one.on(copy.model)))
        assert furthest(found[backend], plain) > 0.01
    assert furthest(found["tf"], found["torch"]) < 1e-12


def test_bad_arguments_are_refused_at_once(backend):
    made = model("linear", backend)
    with pytest.raises(ValueError, match=r"`seed` \(=-1\) must be a whole number from 0"):
        randomised(made, seed=-1)
    text = r"`order` \(='up'\) must be one of 'bottom_up', 'top_down', 'independent'\."
    with pytest.raises(ValueError, match=text):
        randomised(made, order="up")
    with pytest.raises(ValueError, match=text):
        Randomised(made).stages("up")
    with pytest.raises(ValueError, match=r"must have been compiled by FastEstimator"):
        randomised(object())
