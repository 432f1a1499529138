"""The example: what its data say, and that the watch tells a decoyed training from an honest one."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from training import seed_everything

EXAMPLE = Path(__file__).parents[2] / "apphub_examples" / "shortcut"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return importlib.import_module


@pytest.mark.parametrize("axis", [1, -1])
def test_the_patch_tells_the_class_where_it_should(axis, example):
    decoy = example("decoy")
    for decoyed, tells in [(True, [True, True, False]), (False, [False] * 3)]:
        for data, told in zip(decoy.load_data(decoyed, axis), tells, strict=True):
            pixels = np.moveaxis(data["x"], axis, -1)
            patch = pixels[:, : decoy.PATCH, : decoy.PATCH]
            assert pixels.shape[1:] == (28, 28, 1) and pixels.min() >= 0 and pixels.max() <= 1
            assert (np.ptp(patch, axis=(1, 2, 3)) == 0).all()
            levels = np.round(patch[:, 0, 0, 0] * 10).astype(int) - 1
            agree = (levels == data["y"]).mean()
            assert agree == 1 if told else 0.02 < agree < 0.2, "by chance it is a tenth"


@pytest.mark.parametrize("decoyed", [True, False])
def test_the_watch_warns_of_the_decoy_alone(decoyed, backend, example, tmp_path, caplog):
    seed_everything()
    estimator = example(f"shortcut_{backend}").get_estimator(epochs=3, save_dir=str(tmp_path), decoyed=decoyed)
    summary = estimator.fit("shortcut", warmup=False)
    warned = list(summary.history["eval"]["saliency_top_left_corner_warns"].values())
    assert len(warned) == 3 and any(warned) == decoyed
    told = [record.getMessage() for record in caplog.records if record.name == "fe_saliency"]
    assert any("Epoch 3 (eval)" in line and "'top left corner' gets" in line for line in told) == decoyed
    assert len(list((tmp_path / "maps").glob("*/film_eval_smoothed.png"))) == 1
