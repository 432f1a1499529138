"""The figure: shapes, alignment, clean gutters, no blank panel, and how long it takes."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fe_saliency.display import ImageColumn, MaskColumn, Section, TextColumn, compose
from fe_saliency.display.colors import BAND, RIGHT, WRONG, lookup_table
from fe_saliency.display.layout import arrange
from fe_saliency.display.legend import CAPTION, scale_caption

LONG = "Smoothed-integrated_saliency_of_input_number_one (100 x 6 evaluations)"
NAMES = ["Black-and-tan coonhound, dog", "pneumonoultramicroscopicsilicovolcanoconiosis"]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(size=shape).astype(np.float32)


def section(rows=5, side=28, channels=1, label=None, masks=4, titles="m"):
    names = [NAMES[row % 2] for row in range(rows)]
    columns = [
        TextColumn("True class", names),
        TextColumn("Predicted class", names, [row % 2 == 0 for row in range(rows)]),
        ImageColumn("x", noise(rows, side, side, channels)),
        ImageColumn(f"{LONG} overlay", noise(rows, side, side, 3, seed=1)),
    ]
    for number in range(masks):
        mask = noise(rows, side, side, 1, seed=2 + number)
        columns.append(MaskColumn(f"{LONG} {titles}{number}", mask))
    return Section(columns, label)


def close_to(figure, color):
    return (np.abs(figure.astype(int) - color).max(axis=-1) < 8).any()


def gutters(sections, scale=1.0):
    """The pixel columns between the spans, for the rows of each block, titles included."""
    layout = arrange(sections, CAPTION, scale)
    for block in layout.blocks:
        top = block.header.titles_bottom - max([0] + [t.height for t in block.header.titles])
        for left, right in zip(block.spans, block.spans[1:], strict=False):
            yield slice(top, block.bottom), slice(left.left + left.width + 1, right.left - 1)


@pytest.mark.parametrize("rows", [1, 5, 16])
@pytest.mark.parametrize("side, channels", [(8, 1), (28, 1), (64, 3), (224, 3)])
def test_the_figure_is_an_rgb_picture_of_a_readable_size(rows, side, channels):
    figure = compose(section(rows, side, channels))
    assert figure.dtype == np.uint8
    assert figure.ndim == 3
    assert figure.shape[2] == 3
    assert 650 <= figure.shape[1] <= 1200
    assert rows * 70 < figure.shape[0] < rows * 150 + 250


@pytest.mark.parametrize("scale", [0.75, 1, 2])
def test_long_titles_and_names_leave_the_gutters_clean(scale):
    parts = [section(label="first"), section(3, label="second")]
    figure = compose(parts, scale=scale)
    checked = 0
    for rows, columns in gutters(parts, scale):
        assert (figure[rows, columns] == 255).all()
        checked += 1
    assert checked == 14
    margin = round(16 * scale) - 1
    for edge in (figure[:margin], figure[-margin:], figure[:, :margin], figure[:, -margin:]):
        assert (edge == 255).all()


def test_the_gutter_check_can_fail():
    parts = [section()]
    figure = compose(parts)
    rows, columns = next(iter(gutters(parts)))
    moved = slice(columns.start + 12, columns.stop + 60)
    assert not (figure[rows, moved] == 255).all()


def panel_areas(part):
    layout = arrange([part], CAPTION, 1)
    block = layout.blocks[0]
    for column, span in zip(block.section.columns, block.spans, strict=True):
        for top in block.row_tops:
            area = slice(top, top + block.row_height), slice(span.left, span.left + span.width)
            yield column.title, area


def test_no_panel_is_blank():
    tables = Section(
        [
            TextColumn("class", [0, 1]),
            ImageColumn("row", noise(2, 13)),
            MaskColumn("mask", noise(2, 13)),
            ImageColumn("signal", noise(2, 200, 3)),
            MaskColumn("signal mask", noise(2, 200, 1)),
            MaskColumn("constant", np.zeros((2, 13), np.float32)),
            ImageColumn("volume", noise(2, 5, 9, 9, 1)),
            ImageColumn("slim", noise(2, 600, 20, 1)),
        ]
    )
    for part in (section(), tables):
        figure = compose(part)
        for title, area in panel_areas(part):
            assert (figure[area] != 255).any(axis=-1).mean() > 0.002, title
            assert np.ptp(figure[area].astype(int)) > 50, title


def test_right_and_wrong_differ_by_colour_and_by_mark():
    def drawn(correct):
        return compose(Section([TextColumn("y", ["cat"], correct)]))

    right, wrong, plain = drawn([True]), drawn([False]), drawn(None)
    assert close_to(right, RIGHT)
    assert not close_to(right, WRONG)
    assert close_to(wrong, WRONG)
    assert not close_to(wrong, RIGHT)
    assert not close_to(plain, RIGHT)
    assert not close_to(plain, WRONG)
    part = Section([TextColumn("y", ["cat", "dog", "emu"], [True, False, None])])
    texts = [cell.lines for cell in arrange([part], CAPTION, 1).blocks[0].cells[0]]
    assert texts == [("\u2713\u00a0cat",), ("\u2717\u00a0dog",), ("emu",)]
    assert np.array_equal(drawn([None]).shape[0], plain.shape[0])
    assert np.array_equal(drawn(np.array([False])), wrong)


def test_sections_with_the_same_columns_align_under_one_header():
    parts = [section(2, side=8, label="a"), section(3, side=28, label="b")]
    first, second = arrange(parts, CAPTION, 1).blocks
    assert first.spans == second.spans
    assert first.header.titles
    assert not second.header.titles
    figure = compose(parts)
    bands = (figure[:, 20] == BAND).all(axis=-1)
    assert (np.diff(bands.astype(int)) == 1).sum() == 2


def test_sections_with_other_columns_have_their_own_header():
    parts = [section(1, label="a"), section(1, masks=2, titles="n", label="b")]
    blocks = arrange(parts, CAPTION, 1).blocks
    assert all(block.header.titles for block in blocks)
    assert blocks[1].header.top > blocks[0].bottom
    assert compose(parts).shape[1] == compose(parts[:1]).shape[1]


def test_the_colour_bar_and_its_caption():
    with_masks = compose(section(1))
    ends = lookup_table()[[0, 128, 255]]
    below = with_masks[-40:]
    assert all((below == color).all(axis=-1).any() for color in ends)
    other = compose(section(1), caption="one scale for all")
    assert other.shape[1] == with_masks.shape[1]
    assert (other[-40:] != below).any()
    plain = compose(Section([ImageColumn("x", noise(1, 8, 8, 1))]))
    assert not (plain[-40:] == lookup_table()[128]).all(axis=-1).any()
    narrow = compose(Section([MaskColumn("m", noise(1, 8, 8, 1))]), caption="long caption " * 30)
    assert narrow.shape[1] < 260


@pytest.mark.parametrize("masks", [1, 3, 6])
def test_a_long_caption_is_whole_and_as_large_as_a_short_one(masks):
    columns = [MaskColumn("m", noise(1, 8, 8, 1)) for _ in range(masks)]
    caption = scale_caption({f"A method of {number} words, smoothed": 0.1 * number for number in range(1, 25)}, "given")
    layout = arrange([Section(columns)], caption, 1)
    (legend,) = layout.legends
    assert " ".join(legend.caption.lines) == caption and legend.caption.size == 16 and not legend.beside
    assert legend.left + legend.width <= layout.width - 16 and legend.top + legend.height <= layout.height - 16


def test_the_heading_of_a_control_stays_readable():
    title = "Gradient x input, smoothed (MeanOfSquares) of the untrained model"
    (block,) = arrange([Section([MaskColumn(title, noise(1, 8, 8, 1))])], CAPTION, 1).blocks
    (heading,) = block.header.titles
    letters = "".join(heading.lines).replace(" ", "")  # a word may be broken
    assert letters == title.replace(" ", "") and heading.size >= 14


@pytest.mark.parametrize("masks, beside", [(1, False), (6, True)])
def test_the_caption_is_whole_and_stays_inside(masks, beside):
    columns = [MaskColumn("m", noise(1, 8, 8, 1)) for _ in range(masks)]
    layout = arrange([Section(columns)], CAPTION, 1)
    (legend,) = layout.legends
    assert legend.beside is beside
    assert " ".join(legend.caption.lines) == CAPTION
    assert legend.left + legend.width <= layout.width - 16
    assert legend.top + legend.height <= layout.height - 16


def test_the_scale_gives_resolution():
    one, two = compose(section(2)), compose(section(2), scale=2)
    assert abs(two.shape[0] / one.shape[0] - 2) < 0.2
    assert abs(two.shape[1] / one.shape[1] - 2) < 0.2


def test_the_same_input_gives_the_same_figure():
    assert np.array_equal(compose(section()), compose(section()))


def test_a_row_is_drawn_alike_alone_and_among_others():
    images, masks = noise(3, 28, 28, 1), noise(3, 28, 28, 1, seed=9)
    parts = [Section([ImageColumn("x", images), MaskColumn("m", masks)])]
    alone = [Section([ImageColumn("x", images[1:2]), MaskColumn("m", masks[1:2])])]
    tops = [arrange(one, CAPTION, 1).blocks[0] for one in (parts, alone)]
    pair = compose(parts)[tops[0].row_tops[1] :], compose(alone)[tops[1].row_tops[0] :]
    assert np.array_equal(pair[0][:100], pair[1][:100])


@pytest.mark.parametrize("side, channels", [(28, 1), (224, 3)])
def test_it_takes_milliseconds(side, channels):
    part = section(5, side, channels)
    compose(part)
    times = []
    for _ in range(7):
        start = time.perf_counter()
        compose(part)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.15  # 0.015 to 0.03 on a quiet machine; a plotting library needs 1 to 3 s


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: compose([]), ValueError, r"`sections` \(=\[\]\) must hold at least one"),
        (lambda: compose([1]), TypeError, r"`sections` \(of \['int'\]\) must be a `Section`"),
        (lambda: compose("no"), TypeError, r"`sections` \(of str\)"),
        (lambda: compose(section(1), scale=0), ValueError, r"`scale` \(=0\) must be from 0.5"),
        (lambda: compose(section(1), scale="2"), TypeError, r"`scale` \(='2'\) must be a number"),
        (lambda: Section([]), ValueError, r"`columns` .* must be at least one"),
        (lambda: Section([noise(2, 2)]), TypeError, r"`columns` \(with \['ndarray'\]\)"),
        (lambda: Section([TextColumn("a", []), TextColumn("b", [])]), ValueError, "1 or more"),
        (
            lambda: Section([TextColumn("a", [1]), TextColumn("a", [1, 2])]),
            ValueError,
            r"\('a', 1\), \('a', 2\).* same number of rows",
        ),
        (lambda: TextColumn("a", "abc"), TypeError, r"`texts` \(='abc'\) of column 'a'"),
        (lambda: TextColumn("a", [1, 2], [True]), ValueError, r"`correct` \(of length 1\)"),
        (lambda: ImageColumn("x", noise(1, 4, 4) * 9), ValueError, "must be in .0, 1.: use `to_u"),
        (lambda: ImageColumn("x", noise(1, 4, 4) * np.nan), ValueError, "from nan to nan"),
        (lambda: ImageColumn("x", np.zeros((1, 4, 4), int)), TypeError, "int64.* floats or uint8"),
        (lambda: ImageColumn("x", [[1.0]]), TypeError, r"`images` \(=list\) of column 'x'"),
        (lambda: ImageColumn("x", noise(4)), ValueError, r"`images` \(of shape \(4,\)\)"),
        (lambda: MaskColumn("m", noise(1, 4, 4, 3)), ValueError, "must have one channel"),
        (lambda: MaskColumn("m", -noise(1, 4, 4, 1)), ValueError, "use `to_mask`"),
    ],
)  # fmt: skip
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_drawing_imports_no_framework_and_no_plotting():
    code = (
        "import sys; import numpy as np; from fe_saliency.display import *\n"
        "compose(Section([MaskColumn('m', np.eye(4, dtype='float32')[None, ..., None])]))\n"
        "bad = {'torch', 'tensorflow', 'fastestimator', 'plotly', 'matplotlib.pyplot',\n"
        "       'matplotlib.figure'} & set(sys.modules)\n"
        "sys.exit(str(bad) if bad else 0)"
    ).replace("import *", "import MaskColumn, Section, compose")
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
