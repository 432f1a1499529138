"""The contact sheet: every picture is there, in order, inside its group."""

import numpy as np
import pytest

from fe_saliency.display import Group, ImageColumn, MaskColumn, SignedColumn, TextColumn, contact_sheet
from fe_saliency.display.colors import BAND, RIGHT, WRONG, lookup_table, signed_table


def flat(*levels):
    """Pictures of one grey each."""
    return np.repeat(np.array(levels, np.float32), 64).reshape(-1, 8, 8) / 255


def order(picture, levels):
    """Left and top of each grey level's area, which must be one rectangle."""
    places = []
    for level in levels:
        rows, columns = np.nonzero((picture == level).all(axis=-1))
        assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1), level
        assert len(rows) > 1000
        places.append((columns.min(), rows.min()))
    return places


LEVELS = [20, 40, 60, 80, 100, 120, 140]


@pytest.mark.parametrize("per_line, shape", [(3, (3, 3)), (7, (7, 1)), (20, (7, 1)), (1, (1, 7))])
def test_pictures_wrap_into_a_grid_in_reading_order(per_line, shape):
    picture = contact_sheet([Group(ImageColumn("", flat(*LEVELS)))], per_line=per_line)
    places = order(picture, LEVELS)
    assert len({left for left, _ in places}) == shape[0]
    assert len({top for _, top in places}) == shape[1]
    assert places == sorted(places, key=lambda place: place[::-1])


@pytest.mark.parametrize("across, columns, lines", [(1, 1, 4), (2, 2, 2), (3, 3, 2), (9, 4, 1)])
def test_groups_stand_side_by_side(across, columns, lines):
    groups = [Group(ImageColumn(f"group {level}", flat(level))) for level in LEVELS[:4]]
    picture = contact_sheet(groups, across=across)
    places = order(picture, LEVELS[:4])
    assert len({left for left, _ in places}) == columns
    assert len({top for _, top in places}) == lines
    bands = (picture == BAND).all(axis=-1)
    assert (np.diff(bands.any(axis=1).astype(int)) == 1).sum() == lines
    assert (np.diff(bands.any(axis=0).astype(int)) == 1).sum() + bands.any(axis=0)[0] == columns


def test_a_group_with_more_lines_pushes_down_what_is_below():
    groups = [
        Group(ImageColumn("a", flat(20, 40, 60))),
        Group(ImageColumn("b", flat(80))),
        Group(ImageColumn("c", flat(100))),
    ]
    (_, _, third, second, below) = order(contact_sheet(groups, per_line=2), [20, 40, 60, 80, 100])
    assert second[1] < third[1] < below[1]


def test_captions_stand_under_their_pictures_in_their_inks():
    captions = TextColumn("", ["VoG 3.1", "VoG 2.0 of a longer text"], [True, False])
    picture = contact_sheet([Group(ImageColumn("a", flat(20, 40)), captions)])
    (first, top), (second, _) = order(picture, [20, 40])
    below = picture[top + 80 :]
    for color, at in ((RIGHT, first), (WRONG, second)):
        columns = np.nonzero((below == color).all(axis=-1))[1]
        assert at <= columns.min()
        assert columns.max() <= at + 90
    assert contact_sheet([Group(ImageColumn("a", flat(20, 40)))]).shape[0] < picture.shape[0]


def test_maps_bring_their_colour_bars():
    maps = np.random.default_rng(0).uniform(0, 0.5, (2, 8, 8))
    picture = contact_sheet(
        [Group(MaskColumn("m", maps)), Group(SignedColumn("s", maps)), Group(ImageColumn("x", maps))]
    )
    for color in (lookup_table()[255], signed_table()[0]):
        assert (picture == color).all(axis=-1).any()
    assert not (contact_sheet([Group(MaskColumn("m", maps))]) == signed_table()[0]).all(axis=-1).any()


def test_the_margins_are_clean_at_every_scale():
    groups = [Group(ImageColumn("a very long name of a class " * 4, flat(*LEVELS)), TextColumn("", LEVELS))] * 3
    for scale in (0.75, 1, 2):
        picture = contact_sheet(groups, per_line=4, scale=scale)
        margin = round(16 * scale) - 1
        for edge in (picture[:margin], picture[-margin:], picture[:, :margin], picture[:, -margin:]):
            assert (edge == 255).all()


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: contact_sheet([]), ValueError, r"`groups` \(=\[\]\) must hold at least one `Group`"),
        (lambda: contact_sheet([1]), TypeError, r"`groups` \(of \['int'\]\) must be a list of `Group` objects"),
        (lambda: contact_sheet([Group(ImageColumn("", flat(1)))], per_line=0), ValueError, r"`per_line` \(=0\)"),
        (lambda: contact_sheet([Group(ImageColumn("", flat(1)))], across=0), ValueError, r"`across` \(=0\)"),
        (lambda: contact_sheet([Group(ImageColumn("", flat(1)))], scale=99), ValueError, r"`scale` \(=99\)"),
        (lambda: Group(ImageColumn("a", flat(1)), TextColumn("", [1, 2])), ValueError, "same number of rows"),
        (lambda: Group(ImageColumn("a", flat()[:0])), ValueError, "1 or more"),
    ],
)  # fmt: skip
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()
