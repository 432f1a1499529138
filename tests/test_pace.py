"""How many inputs run at once: measured by a clock of the test's own, and what a net makes of the answer."""

from contextlib import nullcontext
from functools import partial
from itertools import chain, repeat

import fastestimator as fe
import numpy as np
import pytest
import tensorflow as tf
import torch
from helpers import METHODS, distance, few, takes_tables
from models import batch, fresh_net, maps
from training import calls_of

from fe_saliency import SaliencyNet, pace
from fe_saliency.backend import Way
from fe_saliency.pace import Pace, least, most
from fe_saliency.plan import Smaller

MANY = 12  # rows; of 5 samples or more they are more than the smallest chunk holds


LAID = Way(channels_last=True)


def measure(work, first, last, changes=(), usual=None):
    """`pace.measure` of work that no way needs anything for, from four times the smallest chunk on."""
    return pace.measure(work, first, last, usual or 4 * first, changes, lambda way: nullcontext())


class Bench:
    """Work of known cost and a clock that only the work moves.

    Args:
        cost: {chunk: seconds of one input}; or a function of it.
        fits: The largest chunk that finds room.
        other: How many times as long the other layout takes, or an error that it raises.
        folded: So too of folded layers.
        start: Seconds that the very first run takes longer.
        beside: Seconds that cutting up a call costs.
    """

    def __init__(self, monkeypatch, cost, fits=10**9, other=1.0, folded=1.0, start=0.0, beside=0.0):
        self.now, self.tried = 0.0, []
        self.cost = cost if callable(cost) else cost.__getitem__
        self.fits, self.start, self.factors = fits, start, {"channels_last": other, "folded": folded}
        monkeypatch.setattr(pace, "perf_counter", lambda: self.now)
        monkeypatch.setattr(pace, "_BESIDE", beside)

    def __call__(self, points, way):
        self.tried.append((points, way))
        if points > self.fits:
            raise Smaller
        factors = [factor for name, factor in self.factors.items() if getattr(way, name)]
        for factor in factors:
            if not isinstance(factor, float):
                raise factor
        self.now += points * self.cost(points) * np.prod(factors) + self.start
        self.start = 0.0

    @property
    def sizes(self):
        """The chunks of the first layout in the order of their first try."""
        return list(dict.fromkeys(points for points, way in self.tried if way == Way()))


@pytest.fixture
def bench(monkeypatch):
    return partial(Bench, monkeypatch)


MILLIONTHS = {32: 5e-6, 64: 4e-6, 128: 3e-6, 256: 2e-6, 512: 3.1e-6, 1024: 2.5e-6, 2048: 1e-6}


def test_the_search_begins_at_the_usual_chunk_and_grows_while_that_pays(bench):
    work = bench(MILLIONTHS)
    assert measure(work, 32, 2**20) == Pace(256, Way(), pytest.approx(2e-6), whole=256)
    assert work.sizes == [32, 128, 512, 256, 1024], "four times as many first; 2,048 comes after both were in vain"
    assert {points for points, _ in work.tried[-12:]} == {256, 512}, "a chunk that has grown is not halved"


@pytest.mark.parametrize("usual", [32, 64, 256, 512, 1024])
def test_ties_go_to_the_usual_chunk(usual, bench):
    """And nothing that is smaller is looked at but its half."""
    work = bench(lambda points: 2.0**-20)
    assert measure(work, 32, 1024, usual=usual).room == usual
    assert all(points in (32, usual // 2) or points >= usual for points in work.sizes)


def test_the_usual_chunk_gives_way(bench):
    """To the largest, to one that finds room, and to one that is fast enough to be tried."""
    assert measure(bench(lambda points: 2.0**-20), 32, 128, usual=512).room == 128
    assert measure(bench(lambda points: 2.0**-20, fits=300), 32, 1024, usual=512).room == 256
    work = bench(lambda points: 2.0**-6)
    assert measure(work, 8, 1024, usual=128).room == 64 == max(work.sizes), "128 would take two seconds"


def test_a_chunk_that_gains_nothing_is_skipped_for_a_larger_one(bench):
    work = bench({32: 4e-6, 64: 4e-6, 128: 3e-6, 256: 3.1e-6, 512: 2.5e-6, 1024: 2.6e-6, 2048: 2.6e-6})
    assert measure(work, 32, 2**20).room == 512
    assert measure(work, 32, 256).room == 128


@pytest.mark.parametrize("usual", [64, 256])
@pytest.mark.parametrize("noise", [0.05, 0.15, 0.3])
def test_noise_does_not_end_the_search_far_from_the_best(noise, usual, bench):
    """Costs are those of a small network in TensorFlow, per chunk and input; other work makes runs last longer."""
    costs = {16: 3e-4, 32: 2.4e-4, 64: 1.87e-4, 128: 1.43e-4, 256: 1.27e-4, 512: 1.1e-4, 1024: 1.03e-4}
    excess = []
    for seed in range(200):
        draw = np.random.default_rng(seed)
        work = bench(lambda points, draw=draw: costs[points] * np.exp(noise * draw.normal()))
        excess.append(costs[measure(work, 16, 1024, usual=usual).room] / costs[1024])
    assert np.mean(excess) < 1.1 and np.quantile(excess, 0.9) < 1.25


@pytest.mark.parametrize("best", [8, 16])
def test_smaller_chunks_are_tried_where_larger_ones_do_not_pay(best, bench):
    work = bench({8: 1e-4 if best == 8 else 3e-4, 16: 2e-4, 32: 3e-4, 64: 3e-4, 128: 3e-4})
    assert measure(work, 8, 2**20).room == best
    assert work.sizes == [8, 32, 128, 64, 16]


def test_the_last_chunk_is_never_exceeded(bench):
    work = bench(lambda points: 1e-5 / points)
    assert measure(work, 32, 512).room == 512
    assert max(work.sizes) == 512
    assert measure(bench(MILLIONTHS), 64, 64).room == 64
    assert measure(bench(MILLIONTHS), 32, 64).room == 64, "there is no room for four times as many"


@pytest.mark.parametrize("other, share", [(256, 1.0), (64, 1.0), (64, 0.86)])
def test_ties_go_to_four_times_the_smallest_chunk(other, share, bench):
    """So do the gains of smaller chunks up to 15 hundredths."""
    second = 2.0**-20  # A clock that adds such numbers does not round.
    costs = dict.fromkeys([32, 64, 128, 256, 512, 1024], second)
    found = measure(bench({**costs, other: share * second}), 32, 2**20)
    assert (found.room, found.seconds) == (128, pytest.approx(second))
    if (other, share) != (64, 1.0):
        assert measure(bench({**costs, other: (share - 0.02) * second}), 32, 2**20).room == other


def test_a_slow_model_is_not_measured_for_long(bench):
    """Though every larger chunk would be cheaper; and a run that lasts is not repeated."""
    work = bench(lambda points: 0.05 * (32 / points) ** 0.1)
    found = measure(work, 32, 2**20)
    assert work.tried == [(32, Way()), (32, Way())], "a look of more than a second is not repeated"
    assert found == Pace(32, Way(), pytest.approx(0.05), whole=32)


def test_a_call_that_fits_is_not_cut_where_larger_chunks_are_hardly_slower(bench):
    found = measure(bench({16: 2e-6, 32: 2e-6, 64: 1e-6, 128: 1.02e-6, 256: 2e-6}), 16, 256)
    assert (found.room, found.whole) == (64, 128)
    assert [found.of(evaluations) for evaluations in (1, 64, 65, 128, 129, 1000)] == [64, 64, 65, 128, 64, 64]
    assert measure(bench({16: 2e-6, 32: 2e-6, 64: 1e-6, 128: 1.04e-6, 256: 2e-6}), 16, 256).whole == 64
    for beside, whole in ((9e-4, 64), (1.1e-3, 128)):  # 128 at once take a millisecond longer.
        work = bench({32: 2e-4, 64: 1e-4, 128: 1.109e-4}, beside=beside)
        assert measure(work, 32, 128, usual=64).whole == whole
    assert Pace(16).of(17) == 16, "a given number is kept to"


def test_the_best_of_a_few_runs_counts_and_the_first_of_all_does_not(bench):
    work = bench({32: 1e-6}, start=30.0)
    assert measure(work, 32, 32).seconds == pytest.approx(1e-6)
    assert len(work.tried) == 6, "once to trace, then five times"
    lasting = bench({32: 1e-3})
    assert measure(lasting, 32, 32).seconds == pytest.approx(1e-3)
    assert len(lasting.tried) == 3, "once to trace, then twice"
    hiccup = bench({32: 1e-6})
    slow = chain([0.0, 0.1, 0.0], repeat(0.2))

    def now_and_then(points, way):
        hiccup(points, way)
        hiccup.now += next(slow)

    assert measure(now_and_then, 32, 32).seconds == pytest.approx(1e-6)


@pytest.mark.parametrize("delay", [0.1, 0.3, 3.0])
def test_a_chunk_that_was_disturbed_is_seen_once_more(delay, bench):
    """Or the smaller one would be taken for the faster."""
    work = bench({32: 1e-2, 64: 1e-2})

    def at_first(points, way):
        work(points, way)
        work.now += delay if points == 64 and work.tried.count((64, Way())) == 1 else 0.0

    found = measure(at_first, 32, 64)
    assert (found.room, found.seconds) == (64, pytest.approx(1e-2))


@pytest.mark.parametrize("delay", [0.16, 0.5])
def test_a_layout_that_was_disturbed_is_seen_once_more(delay, bench):
    """Or a model would be run in the slower one for good."""
    work = bench({32: 2e-2}, other=0.8)

    def at_first(points, way):
        work(points, way)
        work.now += delay if way == LAID and work.tried.count((32, LAID)) == 2 else 0.0

    assert measure(at_first, 32, 32, ["channels_last"]) == Pace(32, LAID, pytest.approx(1.6e-2), whole=32)


def test_a_layout_that_stays_is_as_fast_as_in_its_best_turn(bench):
    work = bench({32: 2e-2}, other=1.2)

    def at_first(points, way):
        work(points, way)
        work.now += 0.5 if len(work.tried) == 2 else 0.0

    assert measure(at_first, 32, 32, ["channels_last"]).seconds == pytest.approx(2e-2)


def test_a_layout_that_was_fast_for_a_moment_is_not_taken(bench):
    """Processors are: the best time of all is no proof."""
    work = bench({32: 2e-2}, other=1.2)

    def boosted(points, way):
        work(points, way)
        work.now -= 0.4 if way == LAID and work.tried.count((32, LAID)) == 3 else 0.0

    assert not measure(boosted, 32, 32, ["channels_last"]).way.channels_last
    assert work.tried.count((32, LAID)) == 4, "once to begin with, and three turns"


@pytest.mark.parametrize("other, taken", [(0.5, True), (0.98, True), (0.99, False), (1.0, False), (3.0, False)])
def test_the_other_layout_is_taken_if_it_is_faster(other, taken, bench):
    work = bench(MILLIONTHS, other=other)
    seconds = 2e-6 * (other if taken else 1)
    assert measure(work, 32, 2**20, ["channels_last"]) == Pace(256, Way(taken), pytest.approx(seconds), whole=256)
    turned = {points for points, way in work.tried if way == LAID}
    assert turned == ({128, 256, 512, 1024} if taken else {128}), "compared with four times the smallest chunk"


def test_a_layout_that_is_faster_only_with_more_inputs_is_found(bench):
    """As ResNet9's in PyTorch: equal with 8 images, and faster by a third with 32."""
    work = bench({8: 2e-2, 16: 2e-2, 32: 2e-2})
    work.cost = lambda points: 2e-2 * ({8: 1.0, 16: 0.8, 32: 0.7}[points] if work.tried[-1][1] == LAID else 1)
    assert measure(work, 8, 32, ["channels_last"]) == Pace(32, LAID, pytest.approx(1.4e-2), whole=32)


def test_larger_chunks_are_tried_in_the_faster_layout(bench):
    """What is cheaper for the processor leaves more room for what a chunk costs beside."""
    costs = {32: 1e-6, 64: 1e-6, 128: 1e-6, 256: 1.02e-6, 512: 2e-6, 1024: 2e-6}

    def found(turned):
        """Where chunks laid out channels-last take so much of the time."""
        work = bench(costs)
        work.cost = lambda points: costs[points] * (turned.get(points, 0.5) if work.tried[-1][1] == LAID else 1)
        return measure(work, 32, 2**20, ["channels_last"])

    assert found({}) == Pace(128, LAID, pytest.approx(0.5e-6), whole=256)
    assert found({256: 0.4}) == Pace(256, LAID, pytest.approx(0.408e-6), whole=256)
    assert found({64: 0.4}) == Pace(64, LAID, pytest.approx(0.4e-6), whole=64)
    assert found({256: 0.6}) == Pace(128, LAID, pytest.approx(0.5e-6), whole=128)


def test_the_other_layout_is_not_tried_where_there_is_none(bench):
    work = bench(MILLIONTHS, other=0.1)
    assert measure(work, 32, 2**20).way == Way()
    assert {way for _, way in work.tried} == {Way()}


@pytest.mark.parametrize("other", [0.5, 2.0, Smaller()])
@pytest.mark.parametrize("folded", [0.9, 1.0, RuntimeError("cannot")])
def test_folding_is_tried_in_the_layout_that_was_chosen(folded, other, bench):
    work = bench(MILLIONTHS, other=other, folded=folded)
    found = measure(work, 32, 2**20, ["channels_last", "folded"])
    assert found.way == Way(other == 0.5, folded == 0.9)
    factors = [factor for factor in (other, folded) if isinstance(factor, float) and factor < 1]
    assert found.seconds == pytest.approx(2e-6 * np.prod(factors))
    assert {way for _, way in work.tried} == {Way(), LAID, Way(other == 0.5, True)}


@pytest.mark.parametrize("error", [RuntimeError("view size is not compatible"), Smaller()])
def test_a_model_that_cannot_run_in_the_other_layout_keeps_its_own(error, bench):
    found = measure(bench(MILLIONTHS, other=error), 32, 2**20, ["channels_last"])
    assert found == Pace(256, Way(), pytest.approx(2e-6), whole=256)


def test_other_errors_are_not_hidden(bench):
    with pytest.raises(KeyError):
        measure(bench(MILLIONTHS, other=KeyError("x")), 32, 2**20, ["channels_last"])
    with pytest.raises(KeyError):
        measure(bench({}), 32, 2**20, ["channels_last"])


def test_no_larger_chunk_is_tried_where_one_found_no_room(bench):
    work = bench(lambda points: 1e-4 / points, fits=200)
    assert measure(work, 32, 2**20).room == 128
    assert work.sizes == [32, 128, 512, 256, 64]
    work = bench(lambda points: 1e-4 / points, fits=300)
    assert measure(work, 32, 2**20).room == 256
    assert work.sizes == [32, 128, 512, 256] and work.tried.count((512, Way())) == 1
    work = bench(lambda points: 1e-4 / points, fits=100)
    assert measure(work, 32, 2**20).room == 64
    assert work.sizes == [32, 128, 64]


def test_a_first_chunk_without_room_is_halved_until_there_is_some(bench):
    work = bench(lambda points: 1e-4 / points, fits=9)
    assert measure(work, 32, 2**20) == Pace(8, Way(), pytest.approx(1e-4 / 8), whole=8)
    assert work.sizes == [32, 16, 8], "what fits is known: nothing larger is tried again"


@pytest.mark.parametrize("run", range(1, 12))
def test_memory_that_shrinks_while_it_is_measured(run, bench):
    work = bench(lambda points: 1e-2 / points)

    def shrinking(points, way):
        work.fits = 9 if len(work.tried) >= run else 10**9
        work(points, way)

    assert measure(shrinking, 32, 128, ["channels_last"]).room in (8, 16, 32, 64, 128)


SHAPES = [(1,), (6,), (100,), (784,), (28, 28, 1), (3, 32, 32), (3, 224, 224), (3, 1024, 1024), (10**9,)]


def test_bounds_are_powers_of_two_and_fall_with_the_size():
    bounds = [(least([shape]), most([shape], True), most([shape], False)) for shape in SHAPES]
    for number in np.ravel(bounds):
        assert number >= 1 and number & (number - 1) == 0
    for smaller, larger in zip(bounds, bounds[1:], strict=False):
        assert all(one >= two for one, two in zip(smaller, larger, strict=True))
    assert all(low <= host <= device for low, host, device in bounds)
    assert bounds[0] == (32, 1024, 4096) and bounds[-1] == (1, 1, 1)


def test_all_inputs_count():
    assert least([(512,), (512,)]) == least([(1024,)]) == 32
    assert least([(2**11,), (2**11,)]) == least([(2**12,)]) == 8
    assert most([(2**14,), (2**14,)], True) == most([(2**15,)], True) == 128


def single(kind, backend, count):
    """A batch in single precision."""
    return batch(kind, backend, count, "float32")


def recording(measured):
    """A `pace.measure` that finds nothing better than the smallest chunk, and notes what it was asked."""

    def found(work, first, last, usual, changes, entered):
        work(first, Way())
        measured.append((first, last, usual, changes))
        return Pace(first, Way(), 1e-3)

    return found


CALLS = [
    ("smoothgrad", {"nsamples": 25}),
    ("vargrad", {"nsamples": 30}),
    ("integrated_gradients", {"nsamples": 20}),
    ("integrated_gradients", {"nsamples": 30, "baseline": 0, "diagnose": False}),
    ("smoothed_integrated_gradients", {"nsamples": (6, 5)}),
    ("smoothgrad", {"tolerance": 0.1}),
]


@pytest.mark.slow
@pytest.mark.parametrize("method, options", CALLS)
def test_a_call_repeats_to_the_last_bit(method, options, backend):
    """Whatever was called in between: the pace of a net is settled once."""
    one = fresh_net("smooth_conv", backend, "float32")
    given = single("smooth_conv", backend, MANY)
    first = one.attribute(given, method, **options)
    one.attribute(single("smooth_conv", backend, 5), method, **options)
    one.attribute(single("smooth_conv", backend, 31), "vargrad", nsamples=7)
    one.get_masks(given)
    one.seconds_per_gradient(given)
    again = one.attribute(given, method, **options)
    np.testing.assert_array_equal(maps(first)["x"], maps(again)["x"])
    np.testing.assert_array_equal(first.gradient_evaluations, again.gradient_evaluations)
    for name in ("relative_error", "completeness_gap", "completeness_error"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


def test_a_small_call_is_the_same_before_and_after_the_pace_is_known(backend):
    one = fresh_net("smooth_conv", backend, "float32")
    small = single("smooth_conv", backend, 3)
    before = maps(one.attribute(small, "smoothgrad", nsamples=10))["x"]
    one.attribute(single("smooth_conv", backend, MANY), "smoothgrad", nsamples=25)
    np.testing.assert_array_equal(maps(one.attribute(small, "smoothgrad", nsamples=10))["x"], before)


@pytest.mark.parametrize("method", filter(takes_tables, METHODS))
def test_small_calls_and_given_numbers_are_not_measured(method, backend):
    one = fresh_net("smooth_mlp", backend, "float32")
    with calls_of(pace, "measure") as measured:
        one.attribute(single("smooth_mlp", backend, 1), method, nsamples=few(method))  # at most 20 inputs
        one.attribute(single("smooth_mlp", backend, 40), method, nsamples=few(method), max_rows=64)
        assert not measured
        one.attribute(single("smooth_mlp", backend, 40), method, nsamples=few(method))
        assert len(measured) == 1


def any_size(backend):
    """A model of images (2 channels) of any size."""
    keras, nn = tf.keras.layers, torch.nn

    def in_tf():
        convolution = keras.Conv2D(4, 3, activation="tanh", input_shape=(None, None, 2))
        return tf.keras.Sequential([convolution, keras.GlobalAveragePooling2D(), keras.Dense(3)])

    def in_torch():
        return nn.Sequential(nn.Conv2d(2, 4, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))

    return fe.build(model_fn={"tf": in_tf, "torch": in_torch}[backend], optimizer_fn=None)


def images(backend, count, size):
    found = np.random.default_rng(size).normal(size=(count, size, size, 2)).astype("float32")
    return {"x": np.moveaxis(found, -1, 1).copy() if backend == "torch" else found}


def test_each_row_shape_is_measured_once(monkeypatch, backend):
    measured = []
    monkeypatch.setattr(pace, "measure", recording(measured))
    one = SaliencyNet(any_size(backend), "x", "y")
    for size in (6, 9, 40):
        for count, method in ((MANY, "smoothgrad"), (3 * MANY, "gradient"), (MANY, "integrated_gradients")):
            one.attribute(images(backend, count, size), method, nsamples=None if method == "gradient" else 5)
    one.attribute(images(backend, MANY, 6), "vargrad", nsamples=5)
    assert [(first, last) for first, last, *_ in measured] == [(32, 1024), (32, 1024), (8, 1024)]
    growth = {"tf": 16, "torch": 8}[backend]
    assert [usual for *_, usual, _ in measured] == [32 * growth, 32 * growth, 8 * growth]
    # A channel of its own makes a layout of its own, where the framework has two.
    assert all(changes == (["channels_last"] if backend == "torch" else []) for *_, changes in measured)


@pytest.mark.parametrize("kind", ["smooth_mlp", "lenet"])
def test_without_several_channels_there_is_one_layout(monkeypatch, kind, backend):
    measured = []
    monkeypatch.setattr(pace, "measure", recording(measured))
    fresh_net(kind, backend, "float32").attribute(single(kind, backend, MANY), "smoothgrad", nsamples=5)
    assert [changes for *_, changes in measured] == [[]]


def test_seconds_per_gradient_are_remembered(backend):
    one, given = fresh_net("smooth_conv", backend, "float32"), single("smooth_conv", backend, 2)
    with calls_of(pace, "measure") as measured:
        seconds = one.seconds_per_gradient(given)
        assert 0 < seconds < 60
        assert one.seconds_per_gradient(single("smooth_conv", backend, 5)) == seconds
        one.attribute(single("smooth_conv", backend, MANY), "smoothgrad")
        assert one.seconds_per_gradient(given) == seconds
    assert len(measured) == 1


def test_seconds_per_gradient_are_those_of_the_given_number(backend):
    """Which may be far from the best: a share of the training time must not be counted in another's gradients."""
    given = single("smooth_conv", backend, 2)
    for room in (1, 7, 10**6):
        one = fresh_net("smooth_conv", backend, "float32", max_rows=room)
        with calls_of(pace, "measure") as measured:
            assert 0 < one.seconds_per_gradient(given) < 60
            one.attribute(single("smooth_conv", backend, MANY), "smoothgrad", nsamples=5)
            assert one.seconds_per_gradient(given) == one.seconds_per_gradient(given)
            one.attribute(single("smooth_conv", backend, MANY), "smoothgrad", nsamples=5, max_rows="auto")
        (_, first, last, _, changes, _), (_, least_of_all, most_of_all, *_) = measured
        assert (first, last, changes) == (min(room, most_of_all), min(room, most_of_all), [])
        assert (least_of_all, most_of_all) == (32, 1024), "what is best is still measured where it is asked for"


def test_what_was_found_lies_within_the_bounds(backend):
    one = fresh_net("smooth_conv", backend, "float32")
    with calls_of(pace, "measure") as measured:
        one.attribute(single("smooth_conv", backend, MANY), "smoothgrad")
    (found,), ((_, first, last, *_),) = one._engine._paces.values(), measured
    assert first <= found.room <= last and found.room & (found.room - 1) == 0
    assert found.seconds > 0


@pytest.mark.parametrize(
    "method, options",
    [
        ("gradient", {}),
        ("smoothgrad", {"nsamples": 6}),
        ("vargrad", {"nsamples": 6}),
        ("integrated_gradients", {"nsamples": 6}),
        ("integrated_gradients", {"nsamples": 6, "baseline": 0.5}),
        ("smoothed_integrated_gradients", {"nsamples": (4, 3)}),
        ("smoothgrad", {"tolerance": 0.2}),
    ],
)
@pytest.mark.parametrize("room", [16, 1024])
def test_the_other_layout_gives_the_same_maps(monkeypatch, method, options, room):
    one = fresh_net("smooth_conv", "torch", "float32")
    given = single("smooth_conv", "torch", 40)
    expected = maps(one.attribute(given, method, max_rows=room, **options))["x"]
    monkeypatch.setattr(pace, "measure", lambda *_: Pace(room, LAID, 1.0))
    seen = []
    convolution = next(each for each in one._engine.model.modules() if isinstance(each, torch.nn.Conv2d))

    def note(module, inputs):
        (x,) = inputs
        for each in (x, module.weight):
            seen.append(each.is_contiguous(memory_format=torch.channels_last) and not each.is_contiguous())

    place = convolution.weight.data_ptr()
    handle = convolution.register_forward_pre_hook(note)
    try:
        found = maps(one.attribute(given, method, **options))["x"]
    finally:
        handle.remove()
    assert distance(found, expected) < 1e-5
    assert seen and all(seen)
    assert convolution.weight.data_ptr() == place and convolution.weight.is_contiguous(), "as it was before"


class Viewing(torch.nn.Module):
    """Flattens by `view`, which features that lie channels-last refuse."""

    def __init__(self):
        super().__init__()
        self.convolution, self.end = torch.nn.Conv2d(2, 4, 3), torch.nn.Linear(4 * 16, 3)

    def forward(self, x):
        return self.end(torch.tanh(self.convolution(x)).view(-1, 4 * 16))


def test_a_model_that_wants_its_features_contiguous():
    one = SaliencyNet(fe.build(Viewing, optimizer_fn=None), "x", "y")
    given = images("torch", MANY, 6)
    expected = maps(one.attribute(given, "smoothgrad", max_rows=50))["x"]
    assert distance(maps(one.attribute(given, "smoothgrad"))["x"], expected) < 1e-5
    assert [found.way for found in one._engine._paces.values()] == [Way()]
    with pytest.raises(RuntimeError, match="view"):
        one._engine.model(torch.from_numpy(given["x"]).contiguous(memory_format=torch.channels_last))


class Wary(torch.nn.Module):
    """A model of images that takes no single row; `seen` has the size of each batch, and whether it was laid out."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.layers = torch.nn.Sequential(
            *(torch.nn.Conv2d(2, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Tanh()),
            *(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 3)),
        )

    def forward(self, x):
        if len(x) < 2:
            raise RuntimeError("a single row")
        self.seen.append((len(x), x.is_contiguous(memory_format=torch.channels_last)))
        return self.layers(x)


def test_a_trial_runs_a_chunk_as_a_call_would(monkeypatch):
    model, entering, working = fe.build(model_fn=Wary, optimizer_fn=None), [], []

    def tried(work, first, last, usual, changes, entered):
        work(first, Way())  # The first chunk finds what targets hold.
        for way in (Way(), Way(channels_last=True), Way(channels_last=True, folded=True)):
            model.seen.clear()
            with entered(way):
                entering.append(model.seen[:])
                model.seen.clear()
                work(40, way)
                working.append(model.seen[:])
        return Pace(first)

    monkeypatch.setattr(pace, "measure", tried)
    SaliencyNet(model, "x", "y").attribute(images("torch", MANY, 6), "smoothgrad", nsamples=5)
    assert entering == [[], [], [(2, True)]], "two rows show what can be folded"
    assert working == [[(40, False)], [(40, True)], [(40, True)]], "one pass, of inputs that lie as the way says"
