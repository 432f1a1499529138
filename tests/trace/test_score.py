"""Which score the Trace explains: one argument for maps, controls, numbers and what is kept."""

import numpy as np
import pytest
from training import Figures, classifier, dataset, estimator, images, saliency

from fe_saliency import SaliencyNet, archive, review
from fe_saliency.backend import to_numpy


def run(backend, folder, **options):
    trained, figures = classifier(backend), Figures()
    trace = saliency(
        trained, mode="eval", samples=4, smoothing=2, controls=("untrained", "randomised"), measures="decision",
        save_dir=folder, strict=True, **options,
    )  # fmt: skip
    estimator(backend, trained, [trace, figures], evaluation=dataset(backend, seed=1), epochs=1).fit()
    return trained, trace, archive.load(folder).record(1), figures.displays()[0]


@pytest.mark.slow
@pytest.mark.parametrize("score", ["logit", "log_probability"])
def test_everything_is_of_one_score(backend, score, tmp_path):
    trained, trace, kept, display = run(backend, tmp_path, score=score)
    net = SaliencyNet(trained, "x", "y_pred", score=score)
    rows = {"x": images(backend, 4, seed=1)}
    expected = {"vanilla": net.attribute(rows), "smoothed": net.attribute(rows, "smoothgrad_squared", nsamples=2)}
    for name, found in expected.items():
        np.testing.assert_allclose(kept.maps[name]["x"], to_numpy(found.maps["x"]), rtol=1e-4, atol=1e-7)
    before = SaliencyNet(classifier(backend), "x", "y_pred", score=score)
    found = before.attribute(rows, "smoothgrad_squared", nsamples=2, target=dict(kept.targets))
    np.testing.assert_allclose(kept.maps["untrained"]["x"], to_numpy(found.maps["x"]), rtol=1e-4, atol=1e-7)
    shuffled = trace.controls._shuffled.attribute(rows, "smoothgrad_squared", nsamples=2, target=dict(kept.targets))
    other = trace.controls._shuffled.attribute(
        rows, "smoothgrad_squared", nsamples=2, target=dict(kept.targets), score="output"
    )
    np.testing.assert_allclose(kept.maps["randomised"]["x"], to_numpy(shuffled.maps["x"]), rtol=1e-4, atol=1e-7)
    assert not np.allclose(to_numpy(shuffled.maps["x"]), to_numpy(other.maps["x"]), rtol=0.1)
    numbers = {name: trace.told.last["eval"][f"saliency_{name}"] for name in ("score", "margin")}
    assert numbers["score"] == pytest.approx(to_numpy(expected["vanilla"].scores["y_pred"]).mean(), rel=1e-4)
    assert numbers["margin"] == pytest.approx(to_numpy(expected["vanilla"].margins["y_pred"]).mean(), rel=1e-4)
    told = f"; the score explained is the {score.replace('_', '-')}"
    assert kept.settings["score"] == score
    assert told in review.captions(kept, "x")[0] and told in display.caption


def test_the_default_is_the_output_and_needs_no_word(backend, tmp_path):
    trained, _, kept, display = run(backend, tmp_path)
    found = SaliencyNet(trained, "x", "y_pred").attribute({"x": images(backend, 4, seed=1)})
    np.testing.assert_allclose(kept.maps["vanilla"]["x"], to_numpy(found.maps["x"]), rtol=1e-4, atol=1e-7)
    assert kept.settings["score"] == "output" and "score explained" not in display.caption


def test_an_unknown_score_is_refused_at_once():
    with pytest.raises(ValueError, match=r"`score` \(='logits'\) must be one of 'output', 'logit', 'log_probability'"):
        saliency(classifier("torch"), score="logits")
