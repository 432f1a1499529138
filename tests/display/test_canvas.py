"""The canvas against what PIL draws, and its edges."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fe_saliency.display.canvas import Canvas

INK = (31, 135, 240)


def paper():
    return np.random.default_rng(0).integers(0, 256, (12, 17, 3), np.uint8)


@pytest.mark.parametrize("corner", [(3, 2), (-4, 3), (14, -2), (12, 9), (-5, -6)], ids=str)
def test_ink_is_what_pil_puts_there(corner):
    stencil = np.random.default_rng(1).integers(0, 256, (6, 8), np.uint8)
    stencil[0], stencil[1] = 0, 255
    wanted = Image.fromarray(paper())
    ImageDraw.Draw(wanted).bitmap(corner, Image.fromarray(stencil), fill=INK)
    canvas = Canvas(paper())
    canvas.stamp(np.repeat(stencil[..., None], 3, axis=2), *corner, INK)
    assert np.array_equal(canvas.pixels, np.asarray(wanted))


@pytest.mark.parametrize("corner", [(-20, 3), (3, -20), (40, 3), (3, 40)], ids=str)
def test_what_lies_outside_leaves_the_picture_as_it_is(corner):
    canvas = Canvas(paper())
    canvas.stamp(np.full((6, 8, 3), 255, np.uint8), *corner, INK)
    assert np.array_equal(canvas.pixels, paper())


@pytest.mark.parametrize("box", [(3, 2, 9, 5), (4, 4, 4, 4), (-3, -2, 5, 6), (9, 7, 40, 30), (-9, -8, -3, -4)], ids=str)
def test_a_box_is_what_pil_fills(box):
    wanted = Image.fromarray(paper())
    ImageDraw.Draw(wanted).rectangle(box, fill=INK)
    canvas = Canvas(paper())
    canvas.fill(*box, INK)
    assert np.array_equal(canvas.pixels, np.asarray(wanted))


def test_a_picture_stands_in_a_frame_of_one_pixel():
    canvas = Canvas.blank(10, 8)
    canvas.paste(np.zeros((3, 4, 3), np.uint8), 2, 3)
    assert (canvas.pixels[3:6, 2:6] == 0).all()
    frame = np.zeros((8, 10), bool)
    frame[2:7, 1:7], frame[3:6, 2:6] = True, False
    assert (canvas.pixels[frame] < 255).all()
    assert (canvas.pixels.sum(axis=2) < 765).sum() == frame.sum() + 12


@pytest.mark.parametrize("corner", [(8, 3), (-1, 2), (3, -2), (2, 6), (-9, 3), (3, 20)], ids=str)
def test_what_of_a_picture_lies_outside_is_left_out(corner):
    left, top = corner
    large = Canvas.blank(50, 48)
    large.paste(np.zeros((3, 4, 3), np.uint8), left + 20, top + 20)
    canvas = Canvas.blank(10, 8)
    canvas.paste(np.zeros((3, 4, 3), np.uint8), left, top)
    assert np.array_equal(canvas.pixels, large.pixels[20:28, 20:30])


def test_what_is_drawn_on_is_the_array_itself():
    pixels = np.zeros((4, 4, 3), np.uint8)
    Canvas(pixels).fill(1, 1, 2, 2, INK)
    assert tuple(pixels[1, 1]) == INK
