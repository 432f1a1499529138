"""Each import order runs in a process of its own, which says what it found, as JSON."""

import inspect
import json
import subprocess
import sys
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from fastestimator.dataset import dataloader
from fastestimator.dataset.dataloader import InfiniteSampler
from torch.utils.data import BatchSampler

import fe_saliency  # noqa: F401 (its mends)

TORCH_REFUSES = tuple(map(int, version("torch").split("+")[0].split(".")[:2])) >= (2, 10)
OBJECT_HAS_GETSTATE = sys.version_info >= (3, 11)

LOAD_HOST = """
import fastestimator.trace.io.restore_wizard
from fastestimator.util import traceable
"""
ORDERS = {
    "host alone": LOAD_HOST,
    "fe_saliency first": "import fe_saliency" + LOAD_HOST,
    "host first": LOAD_HOST + "import fe_saliency",
}
BOTH_ORDERS = pytest.mark.parametrize("order", ["fe_saliency first", "host first"])

FIND_FACTS = """
import json, pickle, tempfile, types
import torch
from fastestimator.dataset import NumpyDataset
from fastestimator.dataset.dataloader import InfiniteSampler
from fastestimator.schedule import EpochScheduler
from fastestimator.summary.system import System
from fastestimator.trace.trace import Trace
from fastestimator.util import traceability_util

class Foreign(torch.utils.data.Dataset):
    def __init__(self):
        self.data = [1, 2]

@traceable()
class Plain:
    pass

@traceable()
class Own:
    def __getstate__(self):
        return "own"

def error_of(function):
    try:
        function()
    except TypeError as error:
        return str(error)

def saved_data():
    network = types.SimpleNamespace(models=[], ops=[], slicers=[], postprocessing=[])
    pipeline = types.SimpleNamespace(ops=[], data={"train": {"": Foreign()}})
    system = types.SimpleNamespace(
        network=network, pipeline=pipeline, traces=[], summary=None, custom_graphs={})
    with tempfile.TemporaryDirectory() as folder:
        System.save_state(system, folder)
        with open(folder + "/objects.pkl", "rb") as file:
            return pickle.load(file)["ds"]["train"]

facts = {
    "sampler error": error_of(lambda: InfiniteSampler((0,))),
    "torch's sampler error": error_of(lambda: torch.utils.data.Sampler(data_source=None)),
    "sampler's base is torch's": InfiniteSampler.__bases__ == (torch.utils.data.Sampler,),
    "sampler is torch's": issubclass(InfiniteSampler, torch.utils.data.Sampler),
    "host's getstate": [
        getattr(cls, "__getstate__", None) is traceability_util.__getstate__
        for cls in (Plain, Trace, NumpyDataset)],
    "own state": Own().__getstate__(),
    "foreign data saved": saved_data(),
    "foreign data in schedule": EpochScheduler({1: Foreign()}).__getstate__()["epoch_dict"][1],
}
"""

RESTORE = """
import fastestimator as fe, numpy as np, torch
from fastestimator.dataset import NumpyDataset
from fastestimator.op.tensorop import LambdaOp
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace.io import RestoreWizard
from fastestimator.trace.trace import Trace

fe.record_history(False)
EPOCHS_RUN = []

class Foreign(torch.utils.data.Dataset):
    def __init__(self):
        self.row = lambda i: {"x": np.full(2, i, dtype="float32")}
    def __len__(self):
        return 4
    def __getitem__(self, i):
        return self.row(i)

class Stop(Exception):
    pass

class Recorder(Trace):
    def on_epoch_begin(self, data):
        EPOCHS_RUN.append(self.system.epoch_idx)
        if EPOCHS_RUN == [1, 2]:
            raise Stop

def fit(folder):
    model = fe.build(lambda: torch.nn.Linear(2, 1), "sgd", model_name="linear")
    ops = [
        ModelOp(model, "x", "y"),
        LambdaOp(lambda y: (y**2).mean(), inputs="y", outputs="loss"),
        UpdateOp(model, "loss"),
    ]
    data = NumpyDataset({"x": np.ones((4, 2), dtype="float32")})
    pipeline = fe.Pipeline(train_data=data, eval_data=Foreign(), batch_size=2)
    traces = [Recorder(mode="train"), RestoreWizard(folder)]
    fe.Estimator(pipeline, fe.Network(ops), epochs=3, traces=traces).fit(warmup=False)

with tempfile.TemporaryDirectory() as folder:
    try:
        try:
            fit(folder + "/wizard")
        except Stop:
            fit(folder + "/wizard")
        facts["epochs run"] = EPOCHS_RUN
    except Exception as error:
        facts["epochs run"] = repr(error)
"""


def run(program: str) -> str:
    """The last line that `program` prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()[-1]


@lru_cache
def facts(order: str) -> dict[str, Any]:
    """What one process finds; where the host is mended, a training is restored in it, too."""
    restore = RESTORE if order != "host alone" else ""
    return json.loads(run(ORDERS[order] + FIND_FACTS + restore + "\nprint(json.dumps(facts))"))


def test_importing_the_package_loads_neither_framework_nor_host():
    program = "import sys, fe_saliency; dir(fe_saliency); print(*sys.modules)"
    loaded = {name.split(".")[0] for name in run(program).split()}
    assert not loaded & {"fastestimator", "tensorflow", "torch", "numpy"}


def test_a_second_install_adds_no_second_finder():
    program = (
        "import sys, fe_saliency; n = len(sys.meta_path);fe_saliency.compat.install(); print(len(sys.meta_path) - n)"
    )
    assert run(program) == "0"


def test_the_sampler_mend_is_still_needed():
    error = facts("host alone")["sampler error"]
    if TORCH_REFUSES:
        assert error is not None, "FastEstimator works without it: remove `accept_data_source`."
    else:
        assert error is None


@pytest.mark.slow
@BOTH_ORDERS
def test_the_host_can_sample(order):
    assert facts(order)["sampler error"] is None
    assert facts(order)["sampler is torch's"]


@BOTH_ORDERS
def test_the_sampler_is_mended_only_where_torch_refuses_and_torch_is_left_alone(order):
    assert facts(order)["sampler's base is torch's"] is not TORCH_REFUSES
    assert (facts(order)["torch's sampler error"] is not None) is TORCH_REFUSES


def test_the_epoch_mend_is_still_needed():
    """Two halves: torch asks an iterator for its iterator, and FastEstimator's sampler then begins anew."""
    asked = []

    class Asked:
        def __iter__(self):
            asked.append(len(asked))
            return self

        def __next__(self):
            return 0

    batches = iter(BatchSampler(Asked(), batch_size=2, drop_last=False))
    next(batches), next(batches)
    restarts = len(asked) > 1
    assert restarts is ("islice" in inspect.getsource(BatchSampler)), "look at `begin_an_epoch_once` again"
    source = inspect.getsource(dataloader)
    begin = source[source.index("class InfiniteSampler") :]
    assert "return self" in begin[begin.index("def __iter__") : begin.index("def __next__")], (
        "FastEstimator works without it: remove `begin_an_epoch_once`."
    )
    assert (InfiniteSampler.__iter__.__module__ == "fe_saliency.compat") is restarts


def test_the_getstate_mends_are_still_needed():
    found = facts("host alone")
    if not OBJECT_HAS_GETSTATE:
        assert found["host's getstate"] == [True] * 3, "there is nothing to mend before Python 3.11"
        return
    sentence = "FastEstimator works without it: remove `{}`.".format
    assert found["host's getstate"] == [False] * 3, sentence("restore_getstate")
    system, schedule = (f"fastestimator.{name}" for name in ("summary.system", "schedule.schedule"))
    assert found["foreign data saved"] != {}, sentence(f'MENDS["{system}"]')
    assert found["foreign data in schedule"] != {}, sentence(f'MENDS["{schedule}"]')


@BOTH_ORDERS
def test_traceable_classes_have_the_hosts_getstate_unless_they_have_their_own(order):
    assert facts(order)["host's getstate"] == [True] * 3
    assert facts(order)["own state"] == "own"


@BOTH_ORDERS
def test_objects_that_are_not_traceable_have_no_state_to_save(order):
    assert facts(order)["foreign data saved"] == {}
    assert facts(order)["foreign data in schedule"] == {}


@BOTH_ORDERS
def test_restore_wizard_saves_and_goes_on(order):
    assert facts(order)["epochs run"] == [1, 2, 2, 3]
