"""With every instrument at work a training ends in the same weights, bit for bit, also in mixed precision."""

import os
import subprocess
import sys
from pathlib import Path

import fastestimator as fe
import numpy as np
import pytest
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace.io import TensorBoard
from training import dataset, saliency, seed_everything, weights
from untouched import disturbable, optimizer_state, same

from fe_saliency import archive
from fe_saliency.trace import VarianceOfGradients
from fe_saliency.watch import Border, Corner, RegionKey

TESTS = Path(__file__).resolve().parent.parent


def everything(model, folder):
    """All that our Traces can do, each error among it."""
    return [
        saliency(
            model, mode=None, label_mapping={"a": 0, "b": 1, "c": 2}, smoothing=2, integrating=(2, 2), samples=4,
            strict=True, scale=1, measures=True, per_class=True, region_key="box",
            watch=[Corner("top left", 2), Border(1), RegionKey("box")], controls=("untrained", "randomised"),
            save_dir=folder / "maps", budget=0.5,
        ),
        VarianceOfGradients(model, "x", "y_pred", "y", save_dir=str(folder / "vog"), strict=True),
        TensorBoard(str(folder / "board"), write_images="saliency", write_graph=False),
    ]  # fmt: skip


def trained(backend, folder, mixed, watched):
    """All numbers of a model and of its optimizers, before and after a training of two epochs."""
    model = disturbable(backend, mixed=mixed)
    assert model.mixed_precision == mixed
    before = weights(model)
    boxes = np.tile([[1, 1, 4, 3]], (12, 1))
    pipeline = fe.Pipeline(
        train_data=dataset(backend, 12, box=boxes),
        eval_data=dataset(backend, 4, seed=1, box=boxes[:4]),
        batch_size=4,
        num_process=0,
    )
    ops = [
        ModelOp(model, inputs="x", outputs="y_pred"),
        CrossEntropy(inputs=("y_pred", "y"), outputs="ce"),
        UpdateOp(model, loss_name="ce"),
    ]
    traces = everything(model, folder) if watched else []
    run = fe.Estimator(pipeline, fe.Network(ops), epochs=2, traces=traces, log_steps=0)
    seed_everything()
    run.fit(warmup=False)
    return before, [*weights(model), *optimizer_state(model)]


def check(backend, folder, mixed):
    """Train with all of it and without, and compare."""
    _, alone = trained(backend, folder, mixed, watched=False)
    before, watched = trained(backend, folder, mixed, watched=True)
    assert same(alone, watched)
    assert not same(before, watched[: len(before)]) and all(np.isfinite(each).all() for each in watched)
    assert archive.load(folder / "maps").record(2, "eval").maps.keys() >= {"smoothed_integrated", "randomised"}
    assert list((folder / "vog").glob("*/vog_eval.csv")) and list((folder / "maps").glob("*/film*.png"))


def test_the_training_ends_in_the_same_bits(backend, tmp_path):
    check(backend, tmp_path, mixed=False)


@pytest.mark.slow
def test_the_training_ends_in_the_same_bits_in_mixed_precision(backend, tmp_path):
    """In a process of its own: in TensorFlow it is a global policy."""
    script = "import sys, pathlib, test_same_bits as t; t.check(sys.argv[1], pathlib.Path(sys.argv[2]), mixed=True)"
    paths = [str(TESTS), str(TESTS / "trace"), str(TESTS.parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TF_ENABLE_ONEDNN_OPTS": "0"}
    command = [sys.executable, "-c", script, backend, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
