"""Images without the content of a region: laws of all replacements, then each against its definition."""

import numpy as np
import pytest

from fe_saliency.watch import replaced
from fe_saliency.watch.replacement import BLUR, FILLS

REGION = np.zeros((3, 9, 16), bool)
REGION[0, :3, :4] = REGION[1, 4:, 10:] = REGION[2, 2, 5] = True


def images(dtype="float64", seed=0):
    """Channels-last, each row and channel on a scale of its own."""
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(3, 9, 16, 2)) * rng.uniform(1, 5, (3, 1, 1, 2)) + rng.normal(size=(3, 1, 1, 2))
    return found.astype(dtype)


@pytest.mark.parametrize("how", FILLS)
def test_outside_nothing_changes_and_inside_nothing_is_left(how):
    given = images()
    kept = given.copy()
    found = replaced(given, REGION, how, -1)
    np.testing.assert_array_equal(given, kept)
    np.testing.assert_array_equal(found[~REGION], given[~REGION])
    assert (found[REGION] != given[REGION]).all()


@pytest.mark.parametrize("how", FILLS)
def test_what_was_in_the_region_does_not_matter(how):
    """As long as it does not widen the row's range, to which noise is clipped."""
    given, inside = images(), REGION[..., None]
    low, high = (end(given, axis=(1, 2, 3), keepdims=True, where=~inside, initial=0) for end in (np.min, np.max))
    one, other = (np.where(inside, np.clip(content, low, high), given) for content in (given, 3 * given[::-1]))
    assert (one != other).any(axis=(1, 2, 3)).all()
    np.testing.assert_allclose(replaced(one, REGION, how, -1), replaced(other, REGION, how, -1), rtol=1e-12)


@pytest.mark.parametrize("how", FILLS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8", "bool"])
def test_both_layouts_and_every_dtype(how, dtype):
    given = images(dtype) if dtype[0] == "f" else (images() > 0).astype(dtype)
    last = replaced(given, REGION, how, -1)
    first = replaced(np.moveaxis(given, -1, 1), REGION, how, 1)
    np.testing.assert_array_equal(np.moveaxis(first, 1, -1), last)
    assert last.dtype == (dtype if dtype[0] == "f" else "float32")


@pytest.mark.parametrize("how", FILLS)
def test_a_constant_surrounding_goes_on_in_the_region(how):
    given = np.where(REGION[..., None], images(), np.array([2.0, -1.0]))
    np.testing.assert_allclose(replaced(given, REGION, how, -1), np.broadcast_to([2.0, -1.0], given.shape), atol=1e-4)


@pytest.mark.parametrize("how", FILLS)
def test_a_row_does_not_depend_on_those_that_follow(how):
    whole = replaced(images(), REGION, how, -1, seed=3)
    np.testing.assert_allclose(replaced(images()[:2], REGION[:2], how, -1, seed=3), whole[:2], rtol=1e-12)


@pytest.mark.parametrize("how", FILLS)
def test_rows_without_the_region_stay_as_they_are(how):
    np.testing.assert_array_equal(replaced(images(), np.zeros_like(REGION), how, -1), images())


def test_mean():
    found = replaced(images(), REGION, "mean", -1)
    for row, given, inside in zip(found, images(), REGION, strict=True):
        for channel in range(2):
            np.testing.assert_allclose(row[inside][:, channel], np.mean(given[..., channel][~inside]), rtol=1e-12)


def test_blur_is_the_weighted_mean_of_what_is_outside():
    found = replaced(images(), REGION, "blur", -1)
    sigma = BLUR * 9
    for row, given, inside in zip(found, images(), REGION, strict=True):
        for y, x in np.argwhere(inside):
            total, weights = np.zeros(2), 0.0
            for v, u in np.argwhere(~inside):
                reach = int(3 * sigma + 0.5)
                if max(abs(v - y), abs(u - x)) <= reach:
                    weight = np.exp(-((v - y) ** 2 + (u - x) ** 2) / (2 * sigma**2))
                    total, weights = total + weight * given[v, u], weights + weight
            expected = total / weights if weights else given[~inside].mean(axis=0)
            np.testing.assert_allclose(row[y, x], expected, rtol=1e-6)


def test_blur_out_of_reach_is_the_mean():
    given = np.random.default_rng(0).random((1, 40, 40, 1))
    region = np.ones((1, 40, 40), bool)
    region[0, :2, :2] = False
    found = replaced(given, region, "blur", -1)
    np.testing.assert_allclose(found[0, 30:, 30:], given[0, :2, :2].mean(), rtol=1e-9)


def test_noise_has_the_moments_of_what_is_outside_and_the_range_of_the_row():
    given = np.random.default_rng(0).normal(3, 2, (2, 60, 60, 1))
    given[1] = given[1] > 3
    region = np.zeros((2, 60, 60), bool)
    region[:, :, :30] = True
    found = replaced(given, region, "noise", -1)
    inside, outside = found[0][region[0]], given[0][~region[0]]
    assert abs(inside.mean() - outside.mean()) < 0.2 and abs(inside.std() - outside.std()) < 0.2
    assert found[1].min() == 0 and found[1].max() == 1, "clipped"
    standard = [(row - row.mean()) / row.std() for row in (found[0][region[0]], found[1][region[1]])]
    assert np.corrcoef(*(each[:, 0] for each in standard))[0, 1] < 0.1, "another noise for each row"


def test_noise_is_a_function_of_the_seed_alone():
    state = np.random.get_state()[1].copy()
    one, again, other = (replaced(images(), REGION, "noise", -1, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one[REGION] != other[REGION]).mean() > 0.9
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"how": "black"}, ValueError, r"`how` \(='black'\) must be one of 'blur', 'mean', 'noise'"),
        ({"images": np.zeros((3, 9))}, ValueError, r"`images` \(of shape \(3, 9\)\) must be \(B, H, W, C\)"),
        ({"region": REGION[:2]}, ValueError, r"`region` \(of shape \(2, 9, 16\)\) must be \(B, H, W\) of the images"),
        ({"region": REGION * 1}, TypeError, r"`region` \(of int64\) must be bool"),
        ({"region": REGION | (np.arange(3) == 1)[:, None, None]}, ValueError, r"covers all of row\(s\) \[1\]"),
    ],
)
def test_bad_arguments(change, error, message):
    with pytest.raises(error, match=message):
        replaced(**{"images": images(), "region": REGION, "how": "mean", "channel_axis": -1, **change})
