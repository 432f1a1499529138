"""The film strip: which epochs it shows, that equal numbers look equal in all of them, and where something began."""

import numpy as np
import pytest

from fe_saliency.display import Frame, ImageColumn, MaskColumn, SignedColumn, TextColumn, film, reel, to_mask, to_signed
from fe_saliency.display.colors import ALARM, ALARM_TINT, RIGHT, WRONG, lookup_table, signed_table
from fe_saliency.display.films import _heading
from fe_saliency.display.frame import pick
from fe_saliency.display.strip import measure_strip


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(size=shape).astype(np.float32)


def frames(count, rows=3, began=None, notes=False, kind=MaskColumn):
    found = []
    for epoch in range(1, count + 1):
        note = TextColumn("", ["cat"] * rows, [epoch > 1] * rows) if notes else None
        marker = "warning" if began and epoch >= began else None
        found.append(Frame(epoch, kind("", noise(rows, 8, 8, seed=epoch)), note, marker))
    return found


LEAD = [TextColumn("class", ["a", "b", "c"]), ImageColumn("x", noise(3, 8, 8))]


@pytest.mark.parametrize("count", [1, 2, 5, 20, 21, 50, 1000])
@pytest.mark.parametrize("most", [2, 3, 20])
def test_epochs_are_picked_evenly_with_the_first_and_the_last(count, most):
    picked = pick(frames(count, rows=1), most)
    assert len(picked) == min(count, most)
    assert picked == sorted(set(picked))
    assert picked[0] == 0
    assert picked[-1] == count - 1
    steps = np.diff(picked)
    assert not len(steps) or steps.max() - steps.min() <= 1


@pytest.mark.parametrize("began", range(2, 50))
def test_the_epoch_at_which_a_marker_begins_is_always_shown(began):
    picked = pick(frames(50, rows=1, began=began), 8)
    assert len(picked) == 8
    assert {0, began - 1, 49} <= set(picked)
    assert np.diff(picked).max() <= 2 * 7  # 7 apart, but for the one that moved


def test_more_beginnings_than_fit_are_cut():
    restless = [Frame(n, MaskColumn("", noise(1, 8, 8)), marker=str(n % 2)) for n in range(30)]
    assert pick(restless, 5) == [0, 1, 2, 3, 29]


def test_the_band_says_what_is_shown():
    some = frames(40, rows=1)
    assert _heading("Vanilla", some, 40) == "Vanilla, epochs 1 to 40"
    assert _heading("", some[:1], 1) == "Epoch 1"
    shown = [some[number] for number in pick(some, 16)]
    assert _heading("Vanilla", shown, 40) == "Vanilla, epochs 1 to 40 (16 of 40 epochs shown)"
    assert not np.array_equal(film(some, most=16)[:48], film(shown)[:48])


@pytest.mark.parametrize("count", [1, 3, 8, 20, 60])
@pytest.mark.parametrize("lead", [(), LEAD])
@pytest.mark.parametrize("kind", [MaskColumn, SignedColumn, ImageColumn])
def test_a_film_is_a_picture_of_a_readable_size(count, lead, kind):
    picture = film(frames(count, kind=kind), lead, "Vanilla")
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert 100 < picture.shape[1] <= 1700
    assert 240 < picture.shape[0] <= 680
    for edge in (picture[:15], picture[-15:], picture[:, :13], picture[:, -13:]):
        assert (edge == 255).all()


def cells(picture, strip, color):
    """In how many of the strip's columns a colour occurs."""
    lefts = np.cumsum([16] + [width + strip.sizes.gutter for width in strip.widths[:-1]])
    return [
        bool((picture[:, left : left + width] == color).all(axis=-1).any())
        for left, width in zip(lefts, strip.widths, strict=True)
    ]


def test_equal_values_on_one_scale_have_equal_colours_in_every_frame():
    """Maps grow tenfold over the epochs; one pixel stays as it is."""
    shared, own = [], []
    for epoch in range(1, 11):
        raw = np.random.default_rng(0).uniform(0.5, 1, (1, 8, 8, 1)) * epoch
        raw[:, 3, 3] = 2.0
        raw[:, 3, 4] = 0.0
        shared.append(Frame(epoch, MaskColumn("", to_mask(raw, scale=4.0))))
        own.append(Frame(epoch, MaskColumn("", to_mask(raw))))
    for drawn, alike in ((shared, True), (own, False)):
        strip = measure_strip(drawn, [], None, 1)
        found = cells(strip.draw(0, 0, ("", "")), strip, lookup_table()[128])
        assert all(found) == alike


def test_zero_is_white_in_every_frame_of_a_signed_film():
    raw = np.random.default_rng(0).normal(size=(5, 1, 8, 8, 1)) + 3
    raw[:, :, 2:4] = 0
    drawn = [Frame(epoch, SignedColumn("", to_signed(one))) for epoch, one in enumerate(raw)]
    strip = measure_strip(drawn, [], None, 1)
    assert all(one is not None for one in strip.pictures)
    for pictures in strip.pictures:
        factor = pictures.shape[1] // 8
        assert (pictures[0, 2 * factor : 4 * factor] == signed_table()[255]).all()
        assert not (pictures[0, 4 * factor :] == 255).all(axis=-1).any()


@pytest.mark.parametrize("lead", [(), LEAD])
def test_a_marker_reddens_the_columns_from_where_it_began(lead):
    drawn = frames(10, began=4)
    strip = measure_strip(drawn, lead, "title", 1)
    picture = strip.draw(strip.above, strip.below, ("", ""))
    for color in (ALARM, ALARM_TINT):
        assert cells(picture, strip, color) == [False] * (len(lead) + 3) + [True] * 7
    plain = film(frames(10), lead, "title")
    assert not (plain == ALARM).all(axis=-1).any()
    assert film(drawn, lead, "title").shape[0] > plain.shape[0]


def test_two_runs_of_a_marker_are_two_tabs():
    drawn = [Frame(n, MaskColumn("", noise(1, 8, 8)), marker=word) for n, word in enumerate("aa-b-a")]
    drawn = [frame if frame.marker != "-" else Frame(frame.epoch, frame.pictures) for frame in drawn]
    tabs = measure_strip(drawn, [], None, 1).tabs
    assert [(tab.first, tab.last, tab.word.lines) for tab in tabs] == [(0, 1, ("a",)), (3, 3, ("b",)), (5, 5, ("a",))]


def test_a_long_word_stays_in_its_tab():
    drawn = frames(3)
    drawn[1] = Frame(2, drawn[1].pictures, marker="looks at the corner of the picture " * 9)
    strip = measure_strip(drawn, [], None, 1)
    assert strip.tabs[0].word.width <= strip.widths[1]
    picture = strip.draw(strip.above, strip.below, ("", ""))
    assert cells(picture, strip, ALARM) == [False, True, False]


def test_notes_are_right_or_wrong_in_colour():
    strip = measure_strip(frames(4, notes=True), LEAD, None, 1)
    picture = strip.draw(strip.above, strip.below, ("", ""))
    assert cells(picture, strip, WRONG) == [False, False, True, False, False, False]
    assert cells(picture, strip, RIGHT) == [False, False, False, True, True, True]
    assert film(frames(4, notes=True)).shape[0] > film(frames(4)).shape[0] + 30


def test_titles_are_short_where_cells_are_small():
    def titles(count):
        strip = measure_strip(frames(count, rows=1), [], None, 1)
        return [column.title for column in strip.section.columns]

    assert titles(3) == ["epoch 1", "epoch 2", "epoch 3"]
    assert titles(20)[-1] == "20"


def test_a_reel_has_pictures_of_one_shape_that_show_one_epoch_each():
    drawn = frames(12, began=5, notes=True)
    drawn[11] = Frame(12, drawn[11].pictures, marker="quite a long word of warning, over several lines")
    pictures = reel(drawn, LEAD, "Vanilla")
    assert len(pictures) == 12
    assert len({picture.shape for picture in pictures}) == 1
    assert [(picture == ALARM_TINT).all(axis=-1).any() for picture in pictures] == [False] * 4 + [True] * 8
    # What is not of the epoch stands still.
    lead = np.stack([picture[150:, :200] for picture in pictures])
    assert (lead == lead[0]).all()
    assert len({picture.tobytes() for picture in pictures}) == 12


def test_tables_make_films_too():
    drawn = [Frame(n, SignedColumn("", 2 * noise(3, 13, seed=n) - 1)) for n in range(12)]
    assert film(drawn, [ImageColumn("x", noise(3, 13))], "Table").shape[0] < 350


def test_the_scale_gives_resolution():
    one, two = (film(frames(6, notes=True, began=3), LEAD, "Vanilla", scale=scale) for scale in (1, 2))
    assert abs(two.shape[0] / one.shape[0] - 2) < 0.2
    assert abs(two.shape[1] / one.shape[1] - 2) < 0.2


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: film([]), ValueError, r"`frames` \(of epochs \[\]\) must be at least one, of rising epochs"),
        (lambda: film(frames(3)[::-1]), ValueError, r"`frames` \(of epochs \[3, 2, 1\]\) .*: sort them"),
        (lambda: film(frames(1) * 2), ValueError, r"`frames` \(of epochs \[1, 1\]\)"),
        (lambda: film(noise(3, 3)), TypeError, r"`frames` \(of ndarray\) must be a list of `Frame` objects"),
        (lambda: reel([1]), TypeError, r"`frames` \(of \['int'\]\)"),
        (lambda: film(frames(3), most=1), ValueError, r"`most` \(=1\) must be at least 2"),
        (lambda: film(frames(3), scale=0), ValueError, r"`scale` \(=0\)"),
        (lambda: reel(frames(3), scale=0), ValueError, r"`scale` \(=0\)"),
        (lambda: film(frames(2, rows=2), LEAD), ValueError, "same number of rows"),
        (lambda: film(frames(2), [noise(3, 3)]), TypeError, r"`columns` \(with \['ndarray'\]\)"),
        (lambda: Frame(1.5, MaskColumn("", noise(1, 8, 8))), TypeError, r"`epoch` \(=1.5\) must be a whole number"),
        (lambda: Frame(1, MaskColumn("", noise(1, 8, 8)), TextColumn("", ["a", "b"])), ValueError, "same number of"),
    ],
)  # fmt: skip
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()
