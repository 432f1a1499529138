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
def test_the_watch_warns_of_the_decoy_alone(decoyed, backend, example, tmp_path, capsys):
    seed_everything()
    estimator = example(f"shortcut_{backend}").get_estimator(epochs=3, save_dir=str(tmp_path), decoyed=decoyed)
    estimator.fit(warmup=False)
    (watching,) = (trace for trace in estimator.traces if type(trace).__name__ == "Watching")
    warned = [epoch for epoch, (finding,) in watching.findings.items() if finding.warns]
    assert list(watching.findings) == [1, 2, 3] and bool(warned) == decoyed
    assert ("Watch, epoch 3: region 'top left corner' gets" in capsys.readouterr().out) == decoyed
