"""Where a Trace computes, as opposed to where FastEstimator may call it."""

import copy
import pickle

import pytest
from fastestimator.schedule import EpochScheduler, get_current_items
from fastestimator.trace.trace import Trace
from training import classifier, saliency

from fe_saliency.trace.registration import MODES, Everywhere, Places

ALL = list(MODES)


def host(mode, ds_id, ask_mode, ask_ds):
    """FastEstimator's own answer to the question whether a Trace runs there."""
    return bool(get_current_items([Trace(mode=mode, ds_id=ds_id)], run_modes=ask_mode, epoch=1, ds_id=ask_ds))


@pytest.mark.parametrize("ds_id", [None, "a", ("a", "b"), "!a", ["!a", "!b"], {"c"}])
@pytest.mark.parametrize("mode", [None, "eval", ("eval", "test"), "!train", ["!train", "!eval"], "infer"])
def test_places_are_those_of_every_other_trace(mode, ds_id):
    places = Places(mode, ds_id)
    for ask_mode in MODES:
        for ask_ds in ("", "a", "b", "c"):
            assert places.hold(ask_mode, ask_ds) is host(mode, ds_id, ask_mode, ask_ds)


@pytest.mark.parametrize("mode", ["evaluation", "", ["eval", "!train"], ["!"], 3, ("eval", None)])
def test_modes_that_make_no_sense_are_refused(mode):
    with pytest.raises((ValueError, TypeError), match="`?mode`?"):
        Places(mode, None)


@pytest.mark.parametrize("ds_id", ["", ["a", "!b"], 3, ("a", None)])
def test_dataset_ids_that_make_no_sense_are_refused(ds_id):
    with pytest.raises(ValueError, match="`ds_id`"):
        Places(None, ds_id)


def test_any_of_several_places_is_enough_and_none_means_all():
    places = Places("eval", "a")
    assert places.hold_any(["train", "eval"], ["a", "b"])
    assert not places.hold_any(["train"], ["a", "b"])
    assert not places.hold_any(["eval"], ["b"])
    assert places.hold_any(["eval"], [])
    assert places.hold_any([], [])
    assert not places.hold_any(["train"], [])


def test_everywhere_meets_every_set_and_remembers_it():
    everywhere = Everywhere(["*"])
    assert everywhere.intersection({"eval"}) == {"eval"}
    assert everywhere.asked == {"eval"}
    assert everywhere.intersection({""}) == {""}
    assert everywhere.intersection(set()) == {"*"}
    assert everywhere.asked == frozenset()
    assert everywhere, "or FastEstimator would not ask"
    for again in (copy.deepcopy(everywhere), pickle.loads(pickle.dumps(everywhere))):
        assert again == {"*"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ds_id", [None, "", "a"])
def test_a_trace_is_asked_for_its_keys_only_where_it_computes(mode, ds_id):
    trace = saliency(classifier("torch"), mode="eval", ds_id="!a")
    assert get_current_items([trace], run_modes=mode, epoch=1, ds_id=ds_id) == [trace]
    assert trace.inputs == (["x", "y"] if mode == "eval" and ds_id != "a" else [])
    assert trace.get_outputs(ds_ids=[]) == ["saliency"]


def test_a_scheduled_trace_is_asked_too():
    trace = saliency(classifier("torch"), mode="eval")
    items = [EpochScheduler({1: None, 2: trace})]
    assert get_current_items(items, run_modes="eval", epoch=1) == []
    assert get_current_items(items, run_modes="eval", epoch=2) == [trace]
    assert trace.inputs == ["x", "y"]
