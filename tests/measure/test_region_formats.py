"""Regions from masks and boxes, in every format that FastEstimator's datasets and displays know."""

import numpy as np
import pytest

from fe_saliency.measure import regions

HEIGHT, WIDTH = 6, 9


def of(value):
    return regions(value, HEIGHT, WIDTH, "where")


def some_masks(count=1):
    return np.random.default_rng(1).random((3, HEIGHT, WIDTH, count)) < 0.3


def slow_boxes(boxes):
    """Pixel by pixel, box by box."""
    inside = np.zeros((len(boxes), HEIGHT, WIDTH), bool)
    for row, y, x in np.ndindex(*inside.shape):
        for x0, y0, width, height, *_ in boxes[row]:
            if width > 0 and height > 0:
                across = x0 <= x + 0.5 < x0 + width or x <= x0 + width / 2 < x + 1
                down = y0 <= y + 0.5 < y0 + height or y <= y0 + height / 2 < y + 1
                inside[row, y, x] |= across and down
    return inside


@pytest.mark.parametrize("one", [True, np.uint8(1), np.uint8(255), np.int64(7), np.float16(1), np.float32(255)])
def test_a_mask_of_any_type_and_range(one):
    masks = some_masks()[..., 0]
    value = masks * np.asarray(one)
    before = value.copy()
    for shaped in (value, value[..., None], value[:, None]):
        found = of(shaped)
        assert found.dtype == bool and found.shape == (3, HEIGHT, WIDTH)
        assert np.array_equal(found, masks)
    assert np.array_equal(value, before)


@pytest.mark.parametrize("count", [2, 3, 21])
def test_a_pixel_counts_if_any_of_several_masks_has_it(count):
    masks = some_masks(count)
    expected = masks.any(axis=-1)
    assert np.array_equal(of(masks), expected)
    assert np.array_equal(of(np.moveaxis(masks, -1, 1).astype("float32")), expected)


def test_soft_masks_count_from_a_half_and_padding_does_not():
    value = np.zeros((1, HEIGHT, WIDTH))
    value[0, 0, :5] = 0.49, 0.5, 0.51, 1, -1
    assert np.flatnonzero(of(value)).tolist() == [1, 2, 3]


def test_masks_come_first_where_boxes_would_fit_and_last_where_both_sides_would():
    value = np.zeros((1, 6, 4))
    value[0, 2, 3] = 1
    assert np.array_equal(regions(value, 6, 4, "where"), value > 0)
    cube = np.zeros((1, 4, 4, 4))
    cube[0, 1, 2, 3] = 1
    assert np.argwhere(regions(cube, 4, 4, "where")).tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32", "float16"])
def test_a_box_starts_top_left_and_has_its_pixels(dtype):
    box = np.array([[2, 1, 3, 4]], dtype)  # x0, y0, width, height
    expected = np.zeros((1, HEIGHT, WIDTH), bool)
    expected[0, 1:5, 2:5] = True
    labelled = np.concatenate([box, [[7]]], axis=1).astype(dtype)
    for value in (box, box[:, None], labelled, labelled[:, None]):
        assert np.array_equal(of(value), expected)


def test_boxes_equal_the_slow_reference():
    random = np.random.default_rng(2)
    boxes = np.concatenate([random.uniform(-4, 10, (40, 3, 2)), random.uniform(-1, 5, (40, 3, 2))], axis=2)
    boxes[:10] = boxes[:10].round(0)
    boxes[10:20] = (boxes[10:20] * 2).round(0) / 2
    found = of(boxes)
    assert np.array_equal(found, slow_boxes(boxes))
    assert 0 < found.mean() < 1


def test_padding_is_left_out():
    boxes = np.array([[[1, 1, 2, 2, 5], [0, 0, 0, 0, 0], [-1, -1, -1, -1, -1]], [[0, 0, 0, 0, 0]] * 3])
    expected = np.zeros((2, HEIGHT, WIDTH), bool)
    expected[0, 1:3, 1:3] = True
    assert np.array_equal(of(boxes), expected)
    assert not of(np.array([[1, 1, 5, 0], [1, 1, 0, 5], [1, 1, -3, 5]])).any()


@pytest.mark.parametrize(
    "box, rows, columns",
    [
        ((-3, -2, 5, 4), slice(0, 2), slice(0, 2)),
        ((7, 4, 50, 50), slice(4, 6), slice(7, 9)),
        ((-9, -9, 99, 99), slice(0, 6), slice(0, 9)),
        ((9, 0, 3, 3), slice(0, 0), slice(0, 0)),
        ((-3, 0, 3, 3), slice(0, 0), slice(0, 0)),
    ],
)
def test_what_lies_outside_is_cut(box, rows, columns):
    expected = np.zeros((1, HEIGHT, WIDTH), bool)
    expected[0, rows, columns] = True
    assert np.array_equal(of(np.array([box])), expected)


@pytest.mark.parametrize(
    "start, length, columns",
    [
        (2.0, 3.0, [2, 3, 4]),
        (2.4, 3.0, [2, 3, 4]),
        (2.5, 3.0, [2, 3, 4]),
        (2.6, 3.0, [3, 4, 5]),
        (2.6, 0.1, [2]),  # Thinner than a pixel, and no centre inside: the pixel it lies in
        (2.9, 0.2, [3]),
        (2.0, 1.4, [2]),
        (2.0, 1.6, [2, 3]),
    ],
)
def test_fractions_of_pixels(start, length, columns):
    across = of(np.array([[start, 0, length, HEIGHT]]))
    assert across.all(axis=1)[0].nonzero()[0].tolist() == columns
    assert across.any(axis=1)[0].nonzero()[0].tolist() == columns
    down = regions(np.array([[0, start, 4, length]]), 9, 4, "where")
    assert down.all(axis=2)[0].nonzero()[0].tolist() == columns


def test_nothing_at_all():
    assert of(np.zeros((0, HEIGHT, WIDTH))).shape == (0, HEIGHT, WIDTH)
    assert of(np.zeros((0, 3, HEIGHT, WIDTH))).shape == (0, HEIGHT, WIDTH)
    assert of(np.zeros((0, 4))).shape == (0, HEIGHT, WIDTH)
    assert of(np.zeros((0, 2, 5))).shape == (0, HEIGHT, WIDTH)
    assert not of(np.zeros((2, 0, 4))).any()
    assert not of(np.zeros((2, HEIGHT, WIDTH, 0))).any()


@pytest.mark.parametrize("shape", [(4,), (3, 3), (3, 6), (3, 5, 3), (3, WIDTH, HEIGHT), (HEIGHT, WIDTH), (3, 8, 9, 1)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError) as caught:
        of(np.zeros(shape))
    assert str(caught.value) == (
        f"`where` (of shape {shape}) must hold masks of the picture's size, (B, 6, 9), (B, 6, 9, N) or (B, N, 6, 9), "
        "or boxes (x0, y0, width, height[, label]), (B, 4), (B, 5), (B, N, 4) or (B, N, 5): "
        "resize masks together with the pictures, and give every row as many boxes, padded with 0."
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("shape", [(2, 4), (2, HEIGHT, WIDTH)])
def test_what_is_not_finite_is_refused(bad, shape):
    value = np.ones(shape)
    value[1, 2] = bad
    with pytest.raises(ValueError) as caught:
        of(value)
    assert str(caught.value) == (
        f"`where` (of shape {shape}) has NaN or infinite values, and must be finite: "
        "fill masks with 0, and pad boxes with 0 or -1."
    )


def test_boxes_with_words_for_labels_are_refused():
    with pytest.raises(TypeError) as caught:
        of(np.array([[1, 1, 2, 2, "cat"]], dtype=object))
    assert str(caught.value) == (
        "`where` (of object) must hold masks or boxes in real numbers: "
        "cast them, and give the labels of boxes as numbers, or none."
    )
