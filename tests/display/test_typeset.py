"""Text stays inside its box, whatever it is."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fe_saliency.display.canvas import Canvas
from fe_saliency.display.typeset import ELLIPSIS, NO_BREAK, fit, font, shorten, spread, text_width, wrap, write

TEXTS = [
    "",
    "x",
    "Black-and-tan coonhound, dog",
    "smoothed_integrated_saliency_of_the_second_input",
    "pneumonoultramicroscopicsilicovolcanoconiosis",
    "a / b - c _ d",
    "W" * 500,
    "word " * 300,
    "two\nlines\tand a tab",
    "\u2717 \u00e9\u4e2d\u6587",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width, height", [(60, 40), (112, 60), (136, 144), (400, 20)])
@pytest.mark.parametrize("bold", [False, True])
def test_letters_stay_in_the_box(text, width, height, bold):
    lettering = fit(text, width, height, 16, 10, bold)
    assert lettering.width <= width
    assert lettering.height <= max(height, lettering.leading)
    canvas = Canvas(np.zeros((height + 40, width + 40, 3), np.uint8))
    write(canvas, lettering, (20, 20), width, (255, 255, 255))
    ink = canvas.pixels[..., 0] > 40
    inside = ink[20 : 20 + max(height, lettering.leading), 19 : 21 + width]
    assert ink.sum() == inside.sum()
    assert bool(text) == bool(ink.any())


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width", [60, 400])
def test_all_of_a_text_is_spread_over_lines(text, width):
    lettering = spread(text, width, 16)
    assert lettering.width <= width and lettering.size == 16
    assert "".join("".join(lettering.lines).split()) == "".join(text.split())


@pytest.mark.parametrize("text", ["", "age", "mean fractal dimension", "the_mean_radius_at_the_first_visit = -1.25"])
@pytest.mark.parametrize("width", [40, 160, 400])
def test_of_a_long_name_the_two_ends_are_left(text, width):
    lettering = shorten(text, width, 12)
    (line,) = lettering.lines
    head, cut, tail = line.partition(ELLIPSIS)
    assert lettering.width <= width and lettering.size == 12 and bool(cut) == (text_width(text, 12) > width)
    assert text.startswith(head) and text.endswith(tail) and (abs(len(head) - len(tail)) <= 1 if cut else line == text)


@pytest.mark.parametrize("text", ["jumping fjord", "\u2713 \u00c5ngstr\u00f6m", "Integrated (squared), j"])
@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("left", [-3, 10, 70])
def test_letters_that_were_drawn_before_are_what_drawing_them_anew_gives(text, bold, left):
    lettering = fit(text, 400, 40, 19, bold=bold)
    drawn = Image.new("RGB", (120, 40), (250, 220, 190))
    canvases = [Canvas(np.array(drawn)) for _ in range(2)]
    ImageDraw.Draw(drawn).text((left, 7), text, font=font(19, bold), fill=(31, 35, 40))
    for canvas in canvases:
        write(canvas, lettering, (left, 7), 400, (31, 35, 40), centered=False)
        assert np.array_equal(canvas.pixels, np.asarray(drawn))


def test_nothing_is_lost_unless_marked():
    for text in TEXTS:
        joined = "".join(fit(text, 112, 400, 16, 10).lines).replace(" ", "")
        if not joined.endswith(ELLIPSIS):
            assert joined == "".join(text.split())
    assert fit("W" * 500, 60, 40, 16, 10).lines[-1].endswith(ELLIPSIS)


def test_lines_break_at_spaces_and_underscores_first():
    assert wrap("true_class_name", text_width("true_class_", 16), 16) == ["true_class_", "name"]
    assert fit("Smoothed integrated", 100, 80, 16, 10).lines == ("Smoothed", "integrated")
    assert fit("Smoothed integrated", 300, 80, 16, 10).lines == ("Smoothed integrated",)


def test_no_line_ends_at_a_space_that_forbids_it():
    for space, first in ((" ", "x"), (NO_BREAK, f"x{NO_BREAK}Staffordshire")):
        assert fit(f"x{space}Staffordshire", text_width("Staffordshire", 16), 80, 16, 9).lines[0] == first
    assert fit(f"x{NO_BREAK}Staffordshire", 40, 80, 16, 9).lines[0] != "x"


def test_a_broken_word_has_parts_of_one_length():
    word = "pneumonoultramicroscopicsilicovolcanoconiosis"
    for width in range(60, 140, 7):
        lines = fit(word, width, 200, 11).lines
        widths = [text_width(line, 11) for line in lines]
        assert "".join(lines) == word and max(widths) - min(widths) <= 0.4 * max(widths)


def test_lines_are_balanced():
    wide = text_width("Smoothed integrated (100 x", 15)
    lettering = fit("Smoothed integrated (100 x 6)", wide, 100, 15)
    assert len(lettering.lines) == 2
    assert lettering.lines[-1] != "6)"


def test_the_letters_shrink_before_a_word_is_broken():
    word = "incomprehensibilities"
    width = text_width(word, 12)
    lettering = fit(word, width, 40, 16, 10)
    assert lettering.lines == (word,)
    assert lettering.size == 12


def test_the_font_has_what_the_figure_uses():
    for bold in (False, True):
        missing = bytes(font(16, bold).getmask("\U000fffff"))
        for letter in "\u2713\u2717\u2026":
            assert bytes(font(16, bold).getmask(letter)) != missing
