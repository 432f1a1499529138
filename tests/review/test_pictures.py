"""What is drawn of inputs that are no images: which features, which slices, which lines."""

import numpy as np
import pytest
from records import record

from fe_saliency import archive, review
from fe_saliency.display import ImageColumn, MaskColumn, SignalColumn, SignedColumn, TextColumn
from fe_saliency.review.films import film_of, write_films
from fe_saliency.review.pictures import FEATURES, pictures

TITLES = {"vanilla": "Vanilla", "smoothed": "Smoothed"}


def made(shape, epoch=1, axis=-1, maps=None, dtype="float32", **settings):
    """A record of an input of any shape, (B, ...); `maps` in the place of noise."""
    rng = np.random.default_rng(epoch)
    told = {
        "measured": "smoothed", "titles": TITLES, "signed": False, "scales": None, "scale_origin": None,
        "controls": [], "names": None, "class_key": "y", "warnings": [], **settings,
    }  # fmt: skip
    drawn = {name: {"x": (rng.normal(size=shape) if maps is None else maps).astype(dtype)} for name in TITLES}
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    return record(epoch, shape[0], channel_axis=axis, inputs={"x": x}, maps=drawn, settings=told)


def titles(found):
    return [column.title for column in found]


# Tables.


def test_a_small_table_is_drawn_whole_in_its_own_order():
    one = made((2, 4))
    given, *maps = pictures(one, "x")
    assert isinstance(given, ImageColumn) and titles([given, *maps]) == ["Input x", "Vanilla", "Smoothed"]
    assert given.parts.indices.tolist() == [[0, 1, 2, 3]] * 2
    assert given.parts.labels[1] == [f"x[{n}] = {one.inputs['x'][1, n]:.4g}" for n in range(4)]
    assert all(isinstance(column, MaskColumn) for column in maps)
    assert maps[0].parts.labels[0] == ["x[0]", "x[1]", "x[2]", "x[3]"]


def test_of_a_large_table_the_largest_features_of_the_measured_map_are_drawn():
    raw = np.random.default_rng(3).normal(size=(3, 40))
    given, *maps = pictures(made((3, 40), maps=raw, signed=True), "x")
    assert given.heading == f"Input x ({FEATURES} of 40 features)"
    for row, indices in enumerate(maps[0].parts.indices):
        assert set(indices) == set(np.argsort(-np.abs(raw[row]))[:FEATURES]) and (np.diff(indices) > 0).all()
    assert all(column.parts.indices is given.parts.indices for column in maps), "one line is one feature in all columns"
    assert isinstance(maps[0], SignedColumn)


def test_the_largest_bar_is_longer_than_the_second():
    """Among few numbers the 99th percentile is the second largest."""
    raw = np.array([[1e-3, -8e-3, 4e-3], [0, 0, 0]])
    masks = pictures(made((2, 3), maps=raw), "x")[1].masks
    np.testing.assert_allclose(masks, [[1 / 8, 1, 1 / 2], [0, 0, 0]], rtol=1e-6)
    maps = pictures(made((2, 3), maps=raw, signed=True), "x")[1].maps
    np.testing.assert_allclose(maps, [[1 / 8, -1, 1 / 2], [0, 0, 0]], rtol=1e-6)
    scales = {name: {"x": 0.016} for name in TITLES}
    masks = pictures(made((2, 3), maps=raw, scales=scales, scale_origin="given"), "x")[1].masks
    np.testing.assert_allclose(masks[0], [1 / 16, 1 / 2, 1 / 4], rtol=1e-6)
    assert "largest value" in review.captions(made((2, 3)), "x")[0] + review.captions(made((2, 3)), "x")[1]
    assert "99th percentile" in review.captions(made((2, 3, 3, 1)), "x")[0]


def test_features_have_the_names_that_were_given():
    found = pictures(made((2, 3), features={"x": ["age", "height", "weight"]}), "x")
    assert found[1].parts.labels == [["age", "height", "weight"]] * 2
    assert found[0].parts.labels[0][0].startswith("age = ")
    with pytest.raises(ValueError, match=r"`feature_names` \(2 of 'x'\) must be one for each of its 3 features"):
        pictures(made((2, 3), features={"x": ["age", "height"]}), "x")


# Signals.


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("axis, shape", [(-1, (2, 50, 3)), (1, (2, 3, 50))])
def test_signals_are_lines_over_their_map(axis, shape, signed):
    one = made(shape, axis=axis, signed=signed)
    given, over, *maps = pictures(one, "x")
    assert isinstance(given, SignalColumn) and given.maps is None
    assert titles([given, over, *maps]) == ["Input x", "Overlay", "Vanilla", "Smoothed"]
    assert isinstance(over, SignalColumn) and over.signed is signed and over.maps is maps[1].values
    expected = np.moveaxis(one.inputs["x"], axis, -1)
    assert np.array_equal(given.signals, expected) and np.array_equal(over.signals, expected)
    assert all(column.values.shape == (2, 50, 1) for column in maps)


def test_signals_of_many_channels_are_a_picture():
    given, over, *_ = pictures(made((2, 50, 16)), "x")
    assert isinstance(given, ImageColumn) and given.signal and isinstance(over, ImageColumn)


# Volumes.


@pytest.mark.parametrize("axis", [-1, 1])
def test_of_a_volume_the_strongest_slice_of_each_third_is_drawn(axis):
    raw = np.full((2, 9, 4, 5, 2), 0.01)
    for row, place, value in ((0, 2, 1), (0, 3, -3), (0, 8, 2), (1, 0, 1), (1, 4, -1), (1, 7, 1)):
        raw[row, place] = value
    raw = np.moveaxis(raw, -1, axis)
    given, over, *maps = pictures(made(raw.shape, axis=axis, maps=raw), "x")
    for column in (given, over, *maps):
        assert column.parts.indices.tolist() == [[2, 3, 8], [0, 4, 7]]
    assert given.parts.labels == [["3 of 9", "4 of 9", "9 of 9"], ["1 of 9", "5 of 9", "8 of 9"]]
    assert given.images.shape == (2, 9, 4, 5, 2) and maps[0].masks.shape == (2, 9, 4, 5, 1)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_thin_volume_is_drawn_whole(depth):
    assert pictures(made((2, depth, 4, 5, 1)), "x")[0].parts.indices.tolist() == [list(range(depth))] * 2


# What cannot be drawn.


def test_what_has_more_axes_says_so_in_the_figure():
    (said,) = pictures(made((2, 2, 3, 2, 3, 1)), "x", 1)
    assert isinstance(said, TextColumn) and said.texts == ["shape (2, 3, 2, 3, 1) cannot be drawn"]


def test_rows_that_are_not_finite_are_blank():
    for shape in ((2, 12), (2, 20, 1), (2, 6, 4, 4, 1)):
        raw = np.random.default_rng(0).normal(size=shape)
        raw[(1, *[0] * (len(shape) - 1))] = np.nan
        found = pictures(made(shape, maps=raw), "x")
        assert all(list(column.blank) == [False, True] for column in found[1:])


def test_inputs_that_are_not_finite_are_blank():
    for shape in ((2, 12), (2, 20, 1), (2, 20, 12), (2, 6, 4, 4, 1)):
        one = made(shape)
        one.inputs["x"][(1, *[0] * (len(shape) - 1))] = np.inf
        assert list(pictures(one, "x")[0].blank) == [False, True]


# Films and figures of what was kept.


@pytest.mark.parametrize("shape", [(3, 4), (3, 20), (3, 30, 2), (3, 30, 12), (3, 6, 5, 4, 1)])
def test_films_are_of_the_same_parts_in_all_epochs(shape, tmp_path):
    for epoch in (1, 2, 5):
        archive.save(made(shape, epoch), tmp_path)
    film = film_of(tmp_path, "vanilla")
    assert film.strip.dtype == np.uint8 and len(film.pictures) == 3
    assert len({picture.shape for picture in film.pictures}) == 1
    assert len(write_films(tmp_path)) == 2
    assert review.figure_of(tmp_path).dtype == np.uint8


def test_there_is_no_film_of_what_cannot_be_drawn(tmp_path):
    archive.save(made((2, 2, 3, 2, 3, 1)), tmp_path)
    assert write_films(tmp_path) == []
    with pytest.raises(ValueError, match=r"`key` \(='x'\) must be an input with pictures, but is of shape"):
        film_of(tmp_path)
    assert review.figure_of(tmp_path).dtype == np.uint8
