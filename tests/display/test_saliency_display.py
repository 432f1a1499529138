"""The Display: saved, shown, copied, and taken by FastEstimator's own traces."""

import copy
import io
import os
import pickle
import sys
import types

import numpy as np
import pytest
from fastestimator.util.img_data import Display
from PIL import Image, ImageShow

from fe_saliency.display import ImageColumn, MaskColumn, SaliencyDisplay, Section, SignedColumn, TextColumn, compose


@pytest.fixture
def display():
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(2, 8, 8, 1)).astype(np.float32)
    columns = [TextColumn("y", ["a", "b"]), ImageColumn("x", images), MaskColumn("m", images)]
    return SaliencyDisplay(Section(columns))


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_prepare_is_what_tensorboard_takes(display):
    batch = display.prepare(anything="ignored")
    assert isinstance(display, Display)
    assert batch.dtype == np.uint8
    assert batch.shape == (1, *display.image.shape)
    assert np.array_equal(batch[0], display.image)
    with pytest.raises(ValueError, match="read-only"):
        batch[:] = 0


def test_it_is_drawn_once_and_only_when_needed(display, monkeypatch):
    from fe_saliency.display import saliency_display

    calls = []

    def counted(*args):
        calls.append(args)
        return np.zeros((4, 4, 3), np.uint8)

    monkeypatch.setattr(saliency_display, "compose", counted)
    assert not calls
    display.prepare()
    display.prepare()
    assert len(calls) == 1


def test_its_captions_are_those_of_the_figure(tmp_path):
    part = Section([SignedColumn("m", np.linspace(-1, 1, 64).reshape(1, 8, 8))])
    display = SaliencyDisplay(part, "masks", "one scale")
    assert np.array_equal(display.image, compose(part, signed_caption="one scale"))
    assert not np.array_equal(display.image, compose(part))
    display.show(tmp_path / "f.png", verbose=False, scale=2)
    assert np.array_equal(read(tmp_path / "f.png"), compose(part, "masks", 2, "one scale"))


@pytest.mark.parametrize("name", ["figure.png", "figure", "new/folder/figure.png", "FIGURE.PNG"])
def test_show_writes_its_own_png(display, tmp_path, capsys, name):
    display.show(save_path=str(tmp_path / name))
    path = tmp_path / (name if "." in name else f"{name}.png")
    assert np.array_equal(read(path), display.image)
    assert capsys.readouterr().out == f"Saved to {path}\n"
    assert [found for _, _, files in os.walk(tmp_path) for found in files] == [path.name]


def test_show_is_quiet_when_asked_and_takes_paths(display, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    display.show(save_path=tmp_path / "a.png", verbose=False)
    display.show("b", verbose=False)
    assert capsys.readouterr().out == ""
    assert sorted(os.listdir(tmp_path)) == ["a.png", "b.png"]


@pytest.mark.parametrize("scale", [2, 1.5])
def test_scale_enlarges(display, tmp_path, scale):
    display.show(save_path=str(tmp_path / "f.png"), scale=scale)
    height, width = read(tmp_path / "f.png").shape[:2]
    assert abs(height / display.image.shape[0] - scale) < 0.15
    assert abs(width / display.image.shape[1] - scale) < 0.15


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"save_path": "f.html"}, ValueError, r"`save_path` \(='f.html'\) .* replace '.html'"),
        ({"save_path": ""}, ValueError, "must name a file"),
        ({"save_path": "f.png", "scale": -1}, ValueError, r"`scale` \(=-1\)"),
        ({"save_path": "f.png", "scale": None}, TypeError, r"`scale` \(=None\)"),
    ],
)
def test_show_refuses(display, tmp_path, monkeypatch, arguments, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        display.show(**arguments)
    assert not os.listdir(tmp_path)


def test_without_sections_there_is_nothing_to_show():
    with pytest.raises(ValueError, match="at least one `Section`"):
        SaliencyDisplay([])
    with pytest.raises(TypeError, match="must be a `Section`"):
        SaliencyDisplay("section")


def test_without_a_path_it_goes_to_the_viewer(display, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(ImageShow, "show", lambda image: shown.append(np.asarray(image)) or True)
    display.show(interactive=True)
    assert np.array_equal(shown[0], display.image)
    monkeypatch.setattr(ImageShow, "show", lambda image: False)
    display.show()
    assert "No image viewer was found" in capsys.readouterr().out


def test_in_a_notebook_it_goes_to_the_page(display, monkeypatch):
    from fe_saliency.display import saliency_display

    shown = []
    page = types.ModuleType("IPython.display")
    page.display = shown.append
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", page)
    monkeypatch.setattr(saliency_display, "in_notebook", lambda: True)
    display.show()
    assert np.array_equal(np.asarray(shown[0]), display.image)


@pytest.mark.parametrize("drawn", [False, True])
def test_it_can_be_copied_and_pickled(display, drawn):
    if drawn:
        display.prepare()
    for other in (copy.deepcopy(display), copy.copy(display), pickle.loads(pickle.dumps(display))):
        assert np.array_equal(other.prepare(), display.prepare())


def images_in(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"images": 0})
    events.Reload()
    return {
        tag: [read(io.BytesIO(event.encoded_image_string)) for event in events.Images(tag)]
        for tag in events.Tags()["images"]
    }


def test_tensorboards_writer_gives_it_back(display, tmp_path):
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_images("saliency", display.prepare(), global_step=3, dataformats="NHWC")
    found = images_in(tmp_path)
    assert list(found) == ["saliency"]
    assert np.array_equal(found["saliency"][0], display.image)


def test_fastestimators_traces_take_it(display, tmp_path, monkeypatch, capsys):
    from fastestimator.trace.io.image_saver import ImageSaver
    from fastestimator.trace.io.image_viewer import ImageViewer
    from fastestimator.trace.io.tensorboard import _BaseWriter
    from fastestimator.util.data import Data

    system = types.SimpleNamespace(mode="eval", epoch_idx=2)
    data = Data()
    data.write_without_log("saliency", display)

    saver = ImageSaver("saliency", save_dir=str(tmp_path / "saved"))
    saver.system = system
    saver.on_epoch_end(data)
    path = tmp_path / "saved" / "saliency_eval_epoch_2.png"
    assert np.array_equal(read(path), display.image)
    assert "Saved to" not in capsys.readouterr().out

    shown = []
    monkeypatch.setattr(ImageShow, "show", lambda image: shown.append(image) or True)
    viewer = ImageViewer("saliency")
    viewer.system = system
    viewer.on_epoch_end(data)
    assert len(shown) == 1

    network = types.SimpleNamespace(epoch_models=[])
    writer = _BaseWriter(str(tmp_path), "run", network)
    writer.write_images("eval", [("saliency", display)], step=1)
    writer.close()
    found = images_in(tmp_path / "run" / "eval")
    assert np.array_equal(found["saliency"][0], display.image)
