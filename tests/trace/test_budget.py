"""What the Trace may spend: the fitting of a recipe, what is said and refused, and a share of the training time."""

import itertools
import logging
import pickle
from unittest.mock import patch

import numpy as np
import pytest
import tensorflow as tf
from fastestimator.trace.io import RestoreWizard
from fastestimator.trace.trace import Trace
from models import to_host
from training import Die, Figures, Stop, classifier, column, contents, dataset, estimator, images, saliency

from fe_saliency.trace.budget import Budget, TrainingTime
from fe_saliency.trace.fitting import fitted, least
from fe_saliency.trace.recipe import Planned, Recipe

DEFAULT = Recipe(25, 100, 6)
#: With a chunk size, so that none is measured.
MADE = {"smoothing": 25, "integrating": (100, 6), "max_rows": 1024}


def figures_of(backend, trace, model, tests=0, fits=1, **data):
    """The figures of `fits` trainings and `tests` test runs; two batches an epoch."""
    figures = Figures()
    data = {"evaluation": dataset(backend, seed=1), **data}
    run = estimator(backend, model, [trace, figures], **data)
    for _ in range(fits):
        run.fit(warmup=False)
    for _ in range(tests):
        run.test()
    return figures


def lines(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if "gradient evaluations" in line]


# The fitting, by itself.


def by_hand(full, room):
    """The dearest recipe within `room`, sought among ever smaller common factors, in plain numbers."""
    off_or_least = [min(count, few) for count, few in zip(full, (4, 4, 2), strict=True)]
    parts = 300  # a multiple of all counts below, so that no recipe is passed over
    for part in range(parts, -1, -1):
        counts = [max(few, count * part // parts) for count, few in zip(full, off_or_least, strict=True)]
        if 1 + counts[0] + counts[1] + counts[1] * counts[2] <= room:
            return tuple(counts)
    return tuple(off_or_least)


@pytest.mark.parametrize(
    "counts", [(25, 100, 6), (25, 0, 0), (0, 100, 0), (0, 100, 6), (3, 50, 25), (30, 2, 1), (60, 60, 60), (0, 0, 0)]
)
def test_a_recipe_is_the_largest_of_its_family_that_fits(counts):
    full = Recipe(*counts)
    for room in range(1, full.cost + 2, max(1, full.cost // 150)):
        found = fitted(full, room)
        assert (found.smoothing, found.steps, found.rounds) == by_hand(counts, room), room
    assert fitted(full, full.cost) == fitted(full, 10**9) == full


def test_recipes_in_numbers():
    assert DEFAULT.cost == 726
    assert fitted(DEFAULT, 725) == Recipe(24, 99, 5)
    assert fitted(DEFAULT, 200) == Recipe(12, 49, 2)  # the third round comes with half of the rest: 213
    assert fitted(DEFAULT, 118) == Recipe(9, 36, 2)
    assert fitted(DEFAULT, 117) == Recipe(8, 35, 2)
    assert fitted(DEFAULT, 17) == fitted(DEFAULT, 0) == Recipe(4, 4, 2)
    assert Recipe(4, 4, 2).cost == 17
    assert fitted(Recipe(2, 3, 1), 0) == Recipe(2, 3, 1), "never up"


# A number.


@pytest.mark.parametrize("budget", [400, 0.5])
def test_what_is_drawn_is_the_smaller_recipe(backend, budget, clock):
    made = classifier(backend)
    trace = saliency(made, samples=2, budget=budget, **MADE)
    measure(trace, 400)
    last = figures_of(backend, trace, made).displays()[-1]  # after which the model stays as it is
    rows = {"x": dataset(backend, seed=1)["x"][:2]}
    net = trace.net
    for title, mask, smaller, full in (
        ("Smoothed (", net.get_smoothed_masks, {"nsamples": 12}, {"nsamples": 25}),
        ("Integrated", net.get_integrated_masks, {"nsamples": 49}, {"nsamples": 100}),
        (
            "Smoothed integrated",
            net.get_smoothed_masks,
            {"nsamples": 2, "nintegration": 49},
            {"nsamples": 6, "nintegration": 100},
        ),
    ):
        shown = contents(column(last, title))
        assert np.abs(shown - to_host(mask(rows, **smaller)["saliency"])).max() < 1e-5
        assert np.abs(shown - to_host(mask(rows, **full)["saliency"])).max() > 1e-4


def test_it_is_said_what_the_recipe_became(capsys):
    made = classifier("torch")
    figures_of("torch", saliency(made, samples=2, budget=400, every=2, **MADE), made, fits=2)
    assert lines(capsys) == [
        "FastEstimator-Saliency: 320 gradient evaluations per epoch (2 samples x 160), every 2 epochs "
        "(budget 400: smoothing 25 -> 12, integrating (100, 6) -> (49, 2))."
    ]


@pytest.mark.parametrize(
    "budget, options, changes",
    [
        (15, {"smoothing": 25, "integrating": 0}, "smoothing 25 -> 14"),
        (15, {"smoothing": 2, "integrating": (100, 0)}, "integrating (100, 0) -> (12, 0)"),
        (59, {"smoothing": 9, "integrating": 5}, "smoothing 9 -> 8, integrating (5, 9) -> (4, 8)"),
        (60, {"smoothing": 9, "integrating": 5}, "all as asked for"),
        (10, {"smoothing": 9, "integrating": 0}, "all as asked for"),
    ],
)
def test_only_what_was_made_smaller_is_named(budget, options, changes, capsys):
    made = classifier("torch")
    figures_of("torch", saliency(made, samples=1, budget=budget, **options), made)
    assert lines(capsys)[0].endswith(f"(budget {budget}: {changes}).")


def test_thousands_are_told_apart(capsys):
    made = classifier("torch")
    figures_of("torch", saliency(made, budget=10000, **MADE), made, fits=0, tests=1, test=dataset("torch"))
    assert lines(capsys) == [
        "FastEstimator-Saliency: up to 9,904 gradient evaluations per epoch (up to 16 samples x 619), every epoch "
        "(budget 10,000: smoothing 25 -> 24, integrating (100, 6) -> (99, 5))."
    ]


@pytest.mark.parametrize(
    "mode, ids, fixed, rows",
    [
        ("eval", ["a"], False, 2),
        ("eval", ["a", "b"], False, 4),
        (("train", "eval"), ["a", "b"], False, 6),
        (None, ["a", "b"], True, 4),
        ("eval", ["a", "b"], True, 2),
    ],
)
def test_all_rows_of_an_epoch_share_it(mode, ids, fixed, rows):
    """All modes and dataset ids count; fixed rows are drawn once for each mode."""
    made = classifier("torch")
    samples = {"x": images("torch", 2), "y": [0, 1]} if fixed else 2
    trace = saliency(made, mode=mode, samples=samples, budget=1000, **MADE)
    evaluation = {name: dataset("torch", seed=seed) for seed, name in enumerate(ids)}
    figures = figures_of("torch", trace, made, evaluation=evaluation)
    assert trace.budget.recipe("fit") == fitted(DEFAULT, 1000 // rows) != fitted(DEFAULT, 1000 // (rows + 1))
    drawn = [len(section) for mode, epoch in figures.places if epoch == 1 for section in sections_of(figures, mode)]
    assert sum(drawn) == rows


def sections_of(figures, mode):
    return figures.found[mode, 1]["saliency"].sections


def test_a_test_run_counts_alone(capsys):
    made = classifier("torch")
    trace = saliency(made, mode=("eval", "test"), samples=2, budget=400, **MADE)
    test = {name: dataset("torch") for name in "abc"}
    figures_of("torch", trace, made, fits=2, tests=2, test=test)
    assert (trace.budget.recipe("fit"), trace.budget.recipe("test")) == (Recipe(12, 49, 2), Recipe(5, 20, 2))
    assert [line.split(": ", 1)[1][:40] for line in lines(capsys)] == [
        "320 gradient evaluations per epoch (2 sa",
        "396 gradient evaluations per epoch (6 sa",
    ]


def test_the_rows_that_there_may_be_count_if_the_budget_is_a_number():
    """So that what is said at the start holds, also in a second training."""
    made = classifier("torch")
    trace = saliency(made, budget=10000, **MADE)
    figures = figures_of("torch", trace, made, fits=2)
    assert len(figures.displays()[0].sections[0]) == 4
    assert trace.budget.recipe("fit") == fitted(DEFAULT, 10000 // 16) != fitted(DEFAULT, 10000 // 4)


def test_without_a_budget_nothing_is_scaled(capsys):
    made = classifier("torch")
    trace = saliency(made, samples=1, smoothing=5, integrating=(6, 2))
    figures_of("torch", trace, made)
    assert trace.budget.recipe("fit") is trace.recipe
    assert "budget" not in lines(capsys)[0]


# What is refused.


@pytest.mark.parametrize(
    "budget, error, message",
    [
        (0, ValueError, r"`budget` \(=0\) must be at least 1"),
        (-5, ValueError, r"`budget` \(=-5\) must be at least 1: it is a whole number .* Give None for no limit"),
        (True, TypeError, r"`budget` \(=True\) .* not bool"),
        ("5%", TypeError, r"`budget` \(='5%'\) must be None, a whole number .* or a share .* not str"),
        (0.0, ValueError, r"`budget` \(=0.0\) must be a whole number .* or a share .* above 0 and below 1\.$"),
        (-0.1, ValueError, "above 0 and below 1"),
        (1.0, ValueError, r"above 0 and below 1\.$"),
        (5e4, ValueError, r"Use an int: `budget=50000`\.$"),
        (1.5, ValueError, r"`budget` \(=1.5\)"),
        (float("nan"), ValueError, r"`budget` \(=nan\) .* above 0 and below 1\.$"),
        (float("inf"), ValueError, r"`budget` \(=inf\) .* above 0 and below 1\.$"),
        ([5], TypeError, "not list"),
        (np.array([1, 2]), TypeError, "not ndarray"),
    ],
)
def test_budgets_that_make_no_sense_are_refused(budget, error, message):
    with pytest.raises(error, match=message):
        saliency(classifier("torch"), budget=budget)


@pytest.mark.parametrize("budget", [1, 50, np.int64(7), 0.001, np.float32(0.5), None])
def test_budgets_that_make_sense_are_taken(budget):
    assert saliency(classifier("torch"), samples=1, budget=budget).recipe.cost == 1


TOO_SMALL = (
    r"`budget` \(=67\) must be at least 68: 4 rows x 17 gradient evaluations for the least useful maps "
    r"\(smoothing=4, integrating=\(4, 2\)\)\. Raise it, draw fewer `samples`, or switch a map off"
)


def test_too_small_a_number_is_refused_at_construction(backend):
    made = classifier(backend)
    with pytest.raises(ValueError, match=TOO_SMALL):
        saliency(made, samples=4, budget=67, **MADE)
    assert saliency(made, samples=4, budget=68, **MADE)
    assert saliency(made, samples=3, budget=67, **MADE)
    assert saliency(made, samples=4, budget=67, smoothing=25, integrating=(100, 0))
    assert saliency(made, samples=4, budget=67, smoothing=2, integrating=(100, 6))


def test_too_small_a_number_for_all_datasets_is_refused_before_training(capsys):
    made = classifier("torch")
    trace = saliency(made, samples=2, budget=67, **MADE)
    with pytest.raises(ValueError, match=TOO_SMALL):
        figures_of("torch", trace, made, evaluation={"a": dataset("torch"), "b": dataset("torch")})
    assert "FastEstimator-Start" not in capsys.readouterr().out


# A share of the training time.


@pytest.fixture
def clock(monkeypatch):
    """One second passes between two looks: an epoch begins at one, and each of its two batches ends at one.

    Nothing but gradients takes any time.
    """
    ticks = itertools.count()
    monkeypatch.setattr("fe_saliency.trace.budget.perf_counter", lambda: float(next(ticks)))
    monkeypatch.setattr("fe_saliency.trace.cost.perf_counter", float)
    return ticks


@pytest.fixture
def slow_maps(clock, monkeypatch):
    """The least useful maps take 0.4001 s, beside 2 x 17 gradients of which 400 take a second."""
    ticks = itertools.count()
    monkeypatch.setattr("fe_saliency.trace.cost.perf_counter", lambda: next(ticks) * (0.4001 + 34 / 400))


def measure(trace, gradients_per_second):
    """Have the net find this speed; the list of the batches that it was measured with."""
    batches = []

    def seconds_per_gradient(batch):
        batches.append(batch)
        return 1 / gradients_per_second

    trace.net.seconds_per_gradient = seconds_per_gradient
    return batches


FIXED = (
    "320 gradient evaluations per epoch (2 samples x 160), every epoch (budget 400 = 0.5 of the first training epoch's "
    "2 s: smoothing 25 -> 12, integrating (100, 6) -> (49, 2))."
)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_a_share_is_fixed_at_the_first_epoch(backend, mode, clock, capsys):
    made = classifier(backend)
    trace = saliency(made, mode=mode, samples=2, budget=0.5, **MADE)
    batches = measure(trace, 400)
    figures = figures_of(backend, trace, made, fits=2)
    (batch,) = batches
    shown = contents(column(figures.displays()[0], "Input"))
    assert list(batch) == ["x"] and np.array_equal(to_host(batch["x"]).reshape(shown.shape), shown)
    assert (trace.budget.limit, trace.budget.recipe("fit")) == (400, Recipe(12, 49, 2))
    assert lines(capsys) == [
        "FastEstimator-Saliency: 1,452 gradient evaluations per epoch and dataset (2 samples x 726), every epoch "
        "(budget 0.5 of the first training epoch's time: all as asked for until that is known).",
        f"FastEstimator-Saliency: {FIXED}",
    ]


@pytest.mark.parametrize("mode, rows, limit, less", [("eval", 2, 239, "0.4"), (["train", "eval"], 4, 79, "0.8")])
def test_what_the_maps_take_beside_gradients_is_no_part_of_it(backend, mode, rows, limit, less, slow_maps, capsys):
    """An epoch runs them once in each mode."""
    made = classifier(backend)
    trace = saliency(made, mode=mode, samples=2, budget=0.5, **MADE)
    measure(trace, 400)
    figures_of(backend, trace, made)
    assert trace.budget.limit == limit
    assert trace.budget.recipe("fit") == fitted(DEFAULT, limit // rows)
    told = f"(budget {limit} = 0.5 of the first training epoch's 2 s, less {less}0 s for what is no gradient: "
    assert told in lines(capsys)[-1]


@pytest.mark.parametrize("data", [{"evaluation": None}, {"ds_id": "a", "evaluation": {"a": dataset("torch")}}])
def test_modes_in_which_nothing_is_drawn_do_not_count(data, slow_maps):
    made = classifier("torch")
    trace = saliency(made, mode=("train", "eval"), ds_id=data.pop("ds_id", None), samples=2, budget=0.5, **MADE)
    measure(trace, 400)
    figures_of("torch", trace, made, **data)
    assert trace.budget.limit == 239


def test_maps_are_measured_as_an_epoch_runs_them(backend, clock, monkeypatch):
    """Of all dataset ids and controls, in programs that TensorFlow must make ready again."""
    made = classifier(backend)
    trace = saliency(made, samples=2, budget=0.5, controls="untrained", **MADE)
    measure(trace, 400)
    done, explained, cleared = [], Planned.of, tf.keras.backend.clear_session

    def of(planned, net, rows, **more):
        done.append((planned.name, planned.cost, len(rows["x"]), net is trace.net))
        return explained(planned, net, rows, **more)

    monkeypatch.setattr(Planned, "of", of)
    monkeypatch.setattr(tf.keras.backend, "clear_session", lambda: (done.append("cleared"), cleared()))
    evaluation = {"a": dataset(backend, seed=1), "b": dataset(backend, seed=2)}
    figures_of(backend, trace, made, evaluation=evaluation)
    costs = [("vanilla", 1), ("smoothed", 4), ("integrated", 4), ("smoothed_integrated", 8)]
    once = [*((*each, 2, True) for each in costs), ("smoothed_integrated", 8, 2, False)]
    measured = [*once, *once, *(["cleared"] if backend == "tf" else []), *once, *once]
    first = done.index(measured[0])
    assert done[first : first + len(measured)] == measured


def test_a_gradient_takes_what_it_takes_in_the_maps_of_all_modes(backend, clock, monkeypatch):
    """Here twice what it takes alone; measured are maps that seem to fit the half of an epoch that a mode has."""
    made = classifier(backend)
    trace = saliency(made, mode=["train", "eval"], samples=2, budget=0.5, **MADE)
    measure(trace, 400)
    now, done, explained = [0.0], [], Planned.of

    def of(planned, net, rows, **more):
        now[0] += planned.cost * len(rows["x"]) / 200
        done.append(planned.cost)
        return explained(planned, net, rows, **more)

    monkeypatch.setattr(Planned, "of", of)
    monkeypatch.setattr("fe_saliency.trace.cost.perf_counter", lambda: now[0])
    figures_of(backend, trace, made)
    assert trace.budget.limit in (199, 200) and trace.budget.beside == pytest.approx(0, abs=1e-9)
    room = int((0.5 - 34 / 200 + 34 / 400) * 400) // 2
    measured = [[each.cost for each in recipe.maps] for recipe in (least(DEFAULT), fitted(DEFAULT, room))]
    assert done[:16] == measured[0] * 2 + measured[1] * 2


def test_maps_that_cannot_be_measured_are_logged_and_the_share_is_fixed(clock, caplog):
    made = classifier("torch")
    trace = saliency(made, samples=2, budget=0.5, **MADE)
    measure(trace, 400)
    with patch("fe_saliency.trace.saliency.attributions", side_effect=RuntimeError("no room")):
        assert figures_of("torch", trace, made).places == [("eval", 1), ("eval", 2)]
    assert ["could not measure" in record.getMessage() for record in caplog.records] == [True]
    assert (trace.budget.limit, trace.budget.beside) == (400, 0)


def test_with_a_share_the_rows_that_there_are_count(clock):
    made = classifier("torch")
    trace = saliency(made, budget=0.5, mode=("train", "eval"), **MADE)
    measure(trace, 5000)
    figures = figures_of("torch", trace, made, fits=2)
    assert [len(display.sections[0]) for display in figures.displays()] == [4] * 4
    assert trace.budget.rows == {"fit": 4 + 16}, "of the evaluation nothing was known yet when the training drew"
    trace = saliency(made, budget=0.5, mode="eval", **MADE)
    measure(trace, 5000)
    figures_of("torch", trace, made, fits=2)
    assert trace.budget.rows == {"fit": 4}


def test_a_share_is_fixed_at_the_first_epoch_also_if_it_is_drawn_later(clock, capsys):
    made = classifier("torch")
    trace = saliency(made, samples=2, budget=0.5, every=2, **MADE)
    measure(trace, 400)
    figures_of("torch", trace, made)
    printed = capsys.readouterr().out
    assert printed.index("(budget 400 = 0.5") < printed.index("step: 4; epoch: 2")


def test_too_small_a_share_leaves_the_least_useful_maps(clock, capsys):
    made = classifier("torch")
    trace = saliency(made, samples=2, budget=0.5, **MADE)
    measure(trace, 16)
    with pytest.warns(UserWarning, match=r"`budget` \(=0.5\) is too little for even the least useful maps"):
        assert len(figures_of("torch", trace, made).displays()) == 2
    assert trace.budget.recipe("fit") == Recipe(4, 4, 2)
    assert lines(capsys)[-1].endswith(
        "(budget 16 = 0.5 of the first training epoch's 2 s, too little even for the least useful maps: "
        "smoothing 25 -> 4, integrating (100, 6) -> (4, 2))."
    )


def test_a_test_before_any_training_draws_in_full_and_one_after_it_does_not(clock, capsys):
    made = classifier("torch")
    trace = saliency(made, mode="test", samples=2, budget=0.5, **MADE)
    batches = measure(trace, 400)
    run = estimator("torch", made, [trace, figures := Figures()], test=dataset("torch"))
    run.test()
    assert not batches and trace.budget.recipe("test") == DEFAULT
    assert lines(capsys)[0].endswith(
        "(budget 0.5 of the first training epoch's time: all as asked for until that is known)."
    )
    full = figures.displays()[0]
    run.fit()
    run.test()
    assert len(batches) == 1 and trace.budget.recipe("test") == Recipe(12, 49, 2)
    assert lines(capsys)[-1].endswith(FIXED)
    assert not np.array_equal(full.image, figures.displays()[-1].image)


def test_a_training_without_a_limit_in_time_is_not_measured(clock):
    made = classifier("torch")
    for budget in (None, 1000):
        trace = saliency(made, samples=1, budget=budget)
        batches = measure(trace, 400)
        figures_of("torch", trace, made)
        assert not batches


def test_an_error_while_measuring_is_logged_and_the_next_epoch_tries_again(clock, caplog):
    made = classifier("torch")
    trace = saliency(made, samples=2, budget=0.5, **MADE)
    broken = patch.object(trace.net, "seconds_per_gradient", side_effect=[RuntimeError("no clock"), 1 / 400])
    with broken, caplog.at_level(logging.ERROR):
        assert figures_of("torch", trace, made).places == [("eval", 2)]
    assert ["could not draw epoch 1" in record.getMessage() for record in caplog.records] == [True]
    assert trace.budget.recipe("fit") == Recipe(12, 49, 2)


def test_the_net_measures_itself(backend):
    """No time is foreseen, only that a real clock and a real net come to a number."""
    made = classifier(backend)
    trace = saliency(made, samples=2, budget=0.5, **{**MADE, "max_rows": "auto"})
    assert len(figures_of(backend, trace, made).displays()) == 2
    assert type(trace.budget.limit) is int and trace.budget.limit >= 0
    assert trace.budget.rows == {"fit": 2}


def test_only_the_training_of_the_first_whole_epoch_is_timed(clock):
    time = TrainingTime()

    def epoch(mode, batches, end=True):
        time.on_epoch_begin(mode)
        for _ in range(batches):
            time.on_batch_end()
        for _ in range(100):
            next(clock)  # other traces draw
        if end:
            time.on_epoch_end(mode)

    epoch("eval", 7)
    epoch("train", 5, end=False)  # stopped early
    assert time.seconds is None
    epoch("train", 3)
    assert time.seconds == 3
    epoch("train", 8)
    epoch("test", 9)
    assert time.seconds == 3


# A restored training.


def restorable(backend, folder, die, gradients_per_second):
    made, figures, dies = classifier(backend, name="restored"), Figures(), Die(die)
    trace = saliency(made, mode=("train", "eval"), samples=2, budget=0.5, **MADE)
    batches = measure(trace, gradients_per_second)
    traces = [trace, figures, dies, RestoreWizard(str(folder))]
    return estimator(backend, made, traces, evaluation=dataset(backend), epochs=3), figures, trace, batches


def test_a_restored_training_draws_the_same_maps(backend, tmp_path, clock, capsys):
    first, before, trace, _ = restorable(backend, tmp_path / "wizard", 3, gradients_per_second=800)
    with pytest.raises(Stop):
        first.fit()
    assert trace.budget.recipe("fit") == Recipe(12, 49, 2)
    said = lines(capsys)[-1]
    second, after, trace, batches = restorable(backend, tmp_path / "wizard", None, gradients_per_second=10**6)
    second.fit()
    assert not batches, "nothing is measured again"
    assert after.places == [("eval", 2), ("train", 3), ("eval", 3)]
    assert trace.budget.recipe("fit") == Recipe(12, 49, 2)
    assert lines(capsys)[-1] == said
    again = [found["eval", 2]["saliency"] for found in (before.found, after.found)]
    for title in ("Smoothed (", "Integrated", "Smoothed integrated"):
        assert np.array_equal(*(contents(column(display, title)) for display in again))


class Restore(Trace):
    """Has a budget restored when a training begins, as RestoreWizard does."""

    def __init__(self, budget, state):
        super().__init__(inputs="*")
        self.budget, self.state = budget, state

    def on_begin(self, data):
        self.budget.restore(self.state)


def test_a_restored_limit_holds_for_rows_that_it_never_saw():
    made = classifier("torch")
    trace = saliency(made, samples=2, budget=0.5, **MADE)
    state = {"share": 0.5, "limit": 400, "seconds": 2.0, "rows": {"test": 6}}
    estimator("torch", made, [trace, Restore(trace.budget, state)], evaluation=dataset("torch")).fit()
    assert trace.budget.recipe("fit") == Recipe(12, 49, 2)
    assert trace.budget.rows == {"fit": 2, "test": 6}


def test_another_budget_than_the_restored_one_is_heeded(clock):
    old = Budget(0.5, DEFAULT, 2)
    old.time.seconds = 2.0
    old.fix(1 / 400, 0.5)
    old.fix(1 / 800, 0.5)  # too late
    old.settle("fit", 2)
    state = pickle.loads(pickle.dumps(old.state()))
    for value, limit, beside in ((0.5, 200, 0.5), (0.25, None, 0), (None, None, 0), (900, 900, 0)):
        new = Budget(value, DEFAULT, 2)
        new.restore(state)
        assert (new.limit, new.beside) == (limit, beside)
    new = Budget(0.25, DEFAULT, 2)
    new.restore(state)
    assert new.due
    new.fix(1 / 400, 0.0)
    assert new.limit == 200, "of the time of the first training epoch that ever was"
