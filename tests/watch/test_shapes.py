"""Regions at the same place in every image, against pictures drawn by hand."""

import numpy as np
import pytest

from fe_saliency.watch import Border, Box, Corner, Strip

PICTURES = {
    Corner("top left", 2): ["##...", "##...", ".....", "....."],
    Corner("top right", 2): ["...##", "...##", ".....", "....."],
    Corner("bottom left", 1): [".....", ".....", ".....", "#...."],
    Corner("bottom right", 0.5): [".....", ".....", "..###", "..###"],  # 2.5 columns are 3
    Border(1): ["#####", "#...#", "#...#", "#####"],
    Border(0.01): ["#####", "#...#", "#...#", "#####"],  # at least a pixel
    Strip("top", 1): ["#####", ".....", ".....", "....."],
    Strip("bottom", 0.5): [".....", ".....", "#####", "#####"],
    Strip("left", 2): ["##...", "##...", "##...", "##..."],
    Strip("right", 0.2): ["....#", "....#", "....#", "....#"],
    Strip("right", 4): [".####", ".####", ".####", ".####"],
    Box(1, 2, 3, 1): [".....", ".....", ".###.", "....."],
    Box(3, 0, 9, 2): ["...##", "...##", ".....", "....."],  # what is outside is cut off
    Box(0.4, 0.5, 0.2, 0.25): [".....", ".....", "..#..", "....."],
    Box(0, 0.0, np.int64(1), 0.75): ["#....", "#....", "#....", "....."],
}


@pytest.mark.parametrize("region", PICTURES, ids=str)
def test_the_picture(region):
    drawn = np.array([[character == "#" for character in line] for line in PICTURES[region]])
    masks = region.masks({}, (3, 4, 5))
    assert masks.dtype == bool and masks.shape == (3, 4, 5)
    for mask in masks:
        np.testing.assert_array_equal(mask, drawn)


def test_names():
    names = [region.name for region in (Corner("top left", 2), Border(1), Strip("bottom", 3), Box(1, 2, 3, 4))]
    assert names == ["top left corner", "border", "bottom strip", "box at (1, 2)"]
    assert Corner("top left", 2, name="tag").name == "tag"
    assert Corner("top left", 2).keys == ()


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: Corner("middle", 2), ValueError, r"`where` \(='middle'\) must be one of 'top left', 'top right', "),
        (lambda: Strip("middle", 2), ValueError, r"`side` \(='middle'\) must be one of 'top', 'bottom', 'left', "),
        (lambda: Corner("top left", 0), ValueError, r"`size` \(=0\) must be at least 1"),
        (lambda: Border(-1), ValueError, r"`width` \(=-1\) must be at least 1"),
        (lambda: Border(True), TypeError, r"`width` \(=True\) must be a whole number"),
        (lambda: Border("wide"), TypeError, r"`width` \(='wide'\) must be a number, not str"),
        (
            lambda: Border(2.0),
            ValueError,
            r"`width` \(=2.0\) must be a whole number of pixels, at least 1, or a share of the image's side above 0 "
            "and below 1; for 2 pixels give an int",
        ),
        (lambda: Strip("top", 0.0), ValueError, r"`thickness` \(=0.0\) must be a whole number of pixels"),
        (lambda: Border(float("nan")), ValueError, r"`width` \(=nan\) must be a whole number of pixels"),
        (lambda: Box(-1, 0, 1, 1), ValueError, r"`x0` \(=-1\) must be at least 0"),
        (lambda: Box(0, 1.0, 1, 1), ValueError, r"`y0` \(=1.0\) must be .* from 0 and below 1"),
        (lambda: Box(0, 0, 0, 1), ValueError, r"`width` \(=0\) must be at least 1"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("region, takes", [(Border(2), "all"), (Strip("top", 9), "all"), (Box(5, 0, 1, 1), "none")])
def test_a_region_must_be_a_part_of_the_image(region, takes):
    with pytest.raises(ValueError, match=f"must be a part of the image, but of 4 x 5 pixels it takes {takes}"):
        region.masks({}, (3, 4, 5))
