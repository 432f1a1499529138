"""The example of wrong labels: what its data are, and that it runs and ranks."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from training import seed_everything

EXAMPLE = Path(__file__).parents[2] / "apphub_examples" / "mislabelled"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return importlib.import_module


def test_just_the_flips_are_wrong(example):
    load_data = example("mislabelled_common").load_data
    right, _, none = load_data(flipped=0, seed=3)
    wrong, test, flips = load_data(flipped=0.05, seed=3)
    assert not none.any() and flips.sum() == 75
    assert np.array_equal(right["y"] != wrong["y"], flips)
    assert np.array_equal(right["x"], wrong["x"]) and wrong["x"].shape == (1500, 24, 24, 1)
    assert set(wrong["y"]) == set(test["y"]) == set(range(10))
    assert not np.array_equal(load_data(0.05, seed=4)[2], flips)


def test_it_ranks_by_both_scores_and_keeps_the_losses(backend, example, tmp_path):
    seed_everything()
    module = example(f"mislabelled_{backend}")
    options = {"train_steps_per_epoch": 2, "eval_steps_per_epoch": 1, "save_dir": str(tmp_path), "seed": 1}
    estimator = module.get_estimator(epochs=2, **options)
    estimator.fit(warmup=False)
    *_, logit, log_probability, losses = estimator.traces
    for trace in (logit, log_probability):
        assert len(trace.table(ds_id="train")["index"]) == 64
        assert Path(trace.save_dir, trace.run, "vog_eval_train.csv").is_file()
    last = log_probability.table(ds_id="train")
    by_place = -last["score"][np.argsort(last["index"])]
    assert losses.losses().shape == (2, 64)
    np.testing.assert_allclose(losses.losses()[-1], by_place, rtol=1e-4, atol=1e-6)
