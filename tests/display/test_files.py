"""Files are whole or not there, and hold what was drawn."""

import errno
import os

import numpy as np
import pytest
from PIL import Image, ImageSequence

from fe_saliency.display import MaskColumn, animate, write_png
from fe_saliency.display.colors import ALARM, INKS, RIGHT, WRONG
from fe_saliency.display.tiles import tile


def pictures(count=3):
    maps = np.random.default_rng(0).uniform(size=(count, 8, 8, 1))
    return [tile(MaskColumn("m", maps), row) for row in range(count)]


def read(path):
    with Image.open(path) as image:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]
    return frames


def test_a_png_is_what_was_drawn_and_its_folder_is_made(tmp_path):
    picture = pictures(1)[0]
    path = write_png(tmp_path / "a" / "b" / "film.PNG", picture)
    assert path == tmp_path / "a" / "b" / "film.PNG"
    assert np.array_equal(read(path)[0], picture)
    assert write_png(str(path), 255 - picture) == path
    assert np.array_equal(read(path)[0], 255 - picture)
    assert os.listdir(path.parent) == ["film.PNG"]


def test_a_webp_holds_every_colour(tmp_path):
    drawn = pictures()
    found = read(animate(tmp_path / "film.webp", drawn))
    assert len(found) == 3
    assert all(np.array_equal(one, other) for one, other in zip(found, drawn, strict=True))


def test_a_gif_holds_the_same_colours_in_all_its_pictures(tmp_path):
    drawn = pictures()
    for one in drawn:
        one[:24, :24] = 90, 30, 200
    found = read(animate(tmp_path / "film.gif", drawn))
    assert len(found) == 3
    assert max(np.abs(one.astype(int) - other).max() for one, other in zip(found, drawn, strict=True)) < 16
    assert len(np.unique([one[:24, :24] for one in found])) <= 3


def test_a_gif_keeps_the_inks_however_few_their_pixels_are(tmp_path):
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, 256, (300, 300, 3), np.uint8) for _ in range(2)]
    for one in drawn:
        for number, ink in enumerate(INKS):
            one[4 * number : 4 * number + 2, :2] = ink
    for one in read(animate(tmp_path / "film.gif", drawn)):
        for number, ink in enumerate(INKS):
            near = np.abs(one[4 * number, 0].astype(int) - ink).max()
            assert near <= 4, ink
    assert {RIGHT, WRONG, ALARM} <= set(INKS)


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_an_animation_repeats_and_holds_its_last_picture(tmp_path, suffix):
    path = animate(tmp_path / f"film.{suffix}", pictures(), fps=4, hold=1.5)
    with Image.open(path) as image:
        assert image.info["loop"] == 0
        assert image.n_frames == 3
        durations = []
        for number in range(3):
            image.seek(number)
            image.load()
            durations.append(image.info["duration"])
    assert durations == [250, 250, 1750]


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_one_picture_is_an_animation_too(tmp_path, suffix):
    assert len(read(animate(tmp_path / f"film.{suffix}", pictures(1)))) == 1


@pytest.mark.parametrize("name", ["film.png", "film.gif", "film.webp"])
@pytest.mark.parametrize("broken", ["save", "replace"])
def test_a_failure_leaves_what_was_there(tmp_path, monkeypatch, name, broken):
    def write(drawn):
        return write_png(tmp_path / name, drawn[0]) if name.endswith("png") else animate(tmp_path / name, drawn)

    def fail(*args, **kwargs):
        if broken == "save":
            args[1].write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((Image.Image, "save", fail) if broken == "save" else (os, "replace", fail)))
    with pytest.raises(OSError, match="No space left"):
        write(pictures())
    assert os.listdir(tmp_path) == []
    monkeypatch.undo()
    before = write(pictures()).read_bytes()
    monkeypatch.setattr(*((Image.Image, "save", fail) if broken == "save" else (os, "replace", fail)))
    with pytest.raises(OSError, match="No space left"):
        write(pictures(2))
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda p: write_png("a.gif", p[0]), ValueError, r"`path` \(='a.gif'\) must end in .png: change its suffix"),
        (lambda p: animate("a.png", p), ValueError, r"`path` \(='a.png'\) must end in .gif or .webp"),
        (lambda p: animate("a", p), ValueError, r"`path` \(='a'\) must end in"),
        (lambda p: animate("a.gif", []), ValueError, r"`pictures` \(=\[\]\) must hold at least one"),
        (
            lambda p: animate("a.gif", [p[0], p[1][1:]]),
            ValueError,
            r"shape \[\(191, 192, 3\), \(192, 192, 3\)\]\) must",
        ),
        (lambda p: write_png("a.png", p[0][..., 0]), ValueError, r"`picture` \(of shape \[\(192, 192\)\]\) must be"),
        (lambda p: write_png("a.png", p[0] / 255), TypeError, r"`picture` \(of float64\) must be uint8"),
        (lambda p: animate("a.gif", ["x"]), TypeError, r"`pictures` \(of str\) must be uint8"),
        (lambda p: animate("a.gif", p, fps=0), ValueError, r"`fps` \(=0\) must be from 0.05 to 50"),
        (lambda p: animate("a.gif", p, hold=-1), ValueError, r"`hold` \(=-1\) must be from 0 to 60"),
        (lambda p: animate("a.gif", p, fps="fast"), TypeError, r"`fps` \(='fast'\) must be a number, not str"),
    ],
)
def test_refusals(tmp_path, monkeypatch, call, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        call(pictures())
    assert os.listdir(tmp_path) == []
