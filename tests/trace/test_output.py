"""FastEstimator's own traces take the figures: TensorBoard, ImageSaver, ImageViewer, Traceability, TestReport."""

import io
import json
from unittest.mock import patch

import numpy as np
from fastestimator.trace.io import ImageSaver, ImageViewer, TensorBoard, TestReport, Traceability
from fastestimator.trace.io.test_report import TestCase
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training import Figures, classifier, dataset, estimator, saliency

TestReport.__test__ = TestCase.__test__ = False  # pytest need not collect them


def board_images(folder, tag):
    """[(step, picture)] of an event folder."""
    events = EventAccumulator(str(folder), size_guidance={"images": 0})
    events.Reload()
    assert tag in events.Tags()["images"]
    found = events.Images(tag)
    return [(each.step, np.array(Image.open(io.BytesIO(each.encoded_image_string)))) for each in found]


def test_tensorboard_has_one_picture_per_epoch_in_the_run_of_its_mode(backend, tmp_path):
    trained, figures = classifier(backend), Figures()
    traces = [saliency(trained, mode=None), TensorBoard(str(tmp_path), write_images="saliency"), figures]
    data = {"evaluation": dataset(backend, seed=1), "test": dataset(backend, seed=2)}
    run = estimator(backend, trained, traces, epochs=3, **data)
    run.fit()
    run.test()
    (folder,) = tmp_path.iterdir()
    for mode, epochs in (("train", [1, 2, 3]), ("eval", [1, 2, 3]), ("test", [3])):
        found = board_images(folder / mode, "saliency")
        assert [step for step, _ in found] == [2 * epoch for epoch in epochs], "two steps an epoch"
        for epoch, (_, picture) in zip(epochs, found, strict=True):
            assert np.array_equal(picture, figures.found[mode, epoch]["saliency"].image)


def test_tensorboard_takes_several_figures(tmp_path):
    trained = classifier("torch")
    traces = [saliency(trained, outputs="one"), saliency(trained, outputs="two", mode="eval", every=2)]
    board = TensorBoard(str(tmp_path), write_images=["one", "two"], write_graph=False)
    estimator("torch", trained, [*traces, board], evaluation=dataset("torch")).fit()
    (folder,) = tmp_path.glob("*/eval")
    assert len(board_images(folder, "one")) == 2
    assert len(board_images(folder, "two")) == 1


def test_image_saver_writes_the_figure(backend, tmp_path):
    trained, figures = classifier(backend), Figures()
    traces = [saliency(trained), ImageSaver("saliency", str(tmp_path / "new")), figures]
    estimator(backend, trained, traces, evaluation=dataset(backend)).fit()
    for epoch in (1, 2):
        picture = np.array(Image.open(tmp_path / "new" / f"saliency_eval_epoch_{epoch}.png"))
        assert np.array_equal(picture, figures.found["eval", epoch]["saliency"].image)


def test_image_viewer_shows_the_figure():
    trained, figures = classifier("torch"), Figures()
    traces = [saliency(trained), ImageViewer("saliency"), figures]
    with patch("PIL.ImageShow.show", return_value=True) as show:
        estimator("torch", trained, traces, evaluation=dataset("torch")).fit()
    shown = [np.array(call.args[0]) for call in show.call_args_list]
    assert len(shown) == 2
    assert all(np.array_equal(a, b.image) for a, b in zip(shown, figures.displays(), strict=True))


def test_traceability_and_test_report_take_the_same_object(backend, tmp_path):
    trained = classifier(backend, name="watched")
    case = TestCase("all is well", lambda y: np.ones(len(y), bool), aggregate=False)
    traces = [
        saliency(trained, mode=["eval", "test"], label_mapping={"zero": 0, "one": 1, "two": 2}),
        TensorBoard(str(tmp_path / "board"), write_images="saliency"),
        ImageSaver("saliency", str(tmp_path / "figures")),
        Traceability(str(tmp_path / "report")),
        TestReport(case, str(tmp_path / "cases")),
    ]
    with patch("shutil.which", return_value=None):  # without LaTeX the reports stay .tex, quickly
        run = estimator(backend, trained, traces, evaluation=dataset(backend), test=dataset(backend), epochs=1)
        if backend == "torch":  # one of them is enough for both: Traceability takes seconds to draw its diagrams
            run.fit("watching")
        run.test("watching")
    report = (tmp_path / "report" / "watching.tex").read_text()
    assert "Saliency" in report and "smoothing" in report
    assert json.loads((tmp_path / "cases/resources/watching_TestReport.json").read_text())["tests"][0]["passed"]
    assert list(tmp_path.glob("figures/saliency_test_epoch_1.png"))
    assert list(tmp_path.glob("board/*/test/events*"))
