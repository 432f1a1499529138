"""What all measures have in common: one number a row, at every scale and magnitude, and NaN for what is not defined."""

import functools
import math

import numpy as np
import pytest

from fe_saliency import measure

SHAPES = [(4, 6), (4, 7, 6), (4, 12, 13), (4, 3, 4, 5)]


def region_like(heat):
    """The first quarter of every row."""
    count = math.prod(heat.shape[1:])
    inside = np.zeros((len(heat), count), bool)
    inside[:, : count // 4] = True
    return inside.reshape(heat.shape)


def other(heat):
    """Another heat, half like the first."""
    return heat / heat.max() + np.random.default_rng(9).exponential(size=heat[0].shape)


#: name -> the measure as a function of one heat
MEASURES = {
    "gini": measure.gini,
    "entropy": measure.entropy,
    "effective_pixels": measure.effective_pixels,
    "mass_share": lambda heat: measure.mass_share(heat, region_like(heat)),
    "rank_accuracy": lambda heat: measure.rank_accuracy(heat, region_like(heat)),
    "pointing_game": lambda heat: measure.pointing_game(heat, region_like(heat)),
    "pointing_game_near": lambda heat: measure.pointing_game(heat, region_like(heat), tolerance=1),
}
PAIRS = {name: getattr(measure, name) for name in ("rank_correlation", "cosine", "ssim")}
#: Also of a heat that is the same everywhere there is something to say.
ALSO_FLAT = {"gini", "entropy", "effective_pixels", "mass_share", "cosine"}

each_measure = pytest.mark.parametrize("name", [*MEASURES, *PAIRS])
each_shape = pytest.mark.parametrize("shape", SHAPES)


def one_argument(name, second):
    """Every measure as a function of one heat; those of pairs compare it with `second`."""
    return MEASURES[name] if name in MEASURES else functools.partial(PAIRS[name], second)


def heats(shape, seed=1):
    return np.random.default_rng(seed).exponential(size=shape)


@each_measure
@each_shape
def test_one_number_a_row(name, shape):
    heat = heats(shape)
    found = one_argument(name, other(heat))(heat)
    assert found.shape == (len(heat),)
    assert found.dtype == np.float64
    assert np.isfinite(found).all()


@each_measure
@each_shape
def test_a_row_alone_equals_the_row_in_a_batch(name, shape):
    heat, second = heats(shape), heats(shape, 2)
    together = one_argument(name, second)(heat)
    for row in range(len(heat)):
        part = slice(row, row + 1)
        assert one_argument(name, second[part])(heat[part])[0] == together[row]


@each_measure
@each_shape
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_neither_scale_nor_magnitude_matters(name, shape, dtype):
    """Rows times any numbers, up to the limits of the precision and down to where it begins to lose digits."""
    heat, second = (1 + heats(shape)).astype(dtype), heats(shape, 2)
    expected = one_argument(name, second)(heat)
    limits = np.finfo(dtype)
    powers = np.array([limits.maxexp - 6, limits.minexp + 1, 3, -3]).reshape(-1, *[1] * (len(shape) - 1))
    with np.errstate(all="raise", under="ignore"):
        found = one_argument(name, second)(np.ldexp(heat, powers).astype(dtype))
    np.testing.assert_array_equal(found, expected)


@each_measure
@each_shape
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_unknown_and_spoils_no_other_row(name, shape, bad):
    heat, second = heats(shape), heats(shape, 2)
    expected = one_argument(name, second)(heat)
    heat[(1, *[0] * (len(shape) - 1))] = bad
    with np.errstate(all="raise", under="ignore"):
        found = one_argument(name, second)(heat)
    np.testing.assert_array_equal(np.isnan(found), [False, True, False, False])
    rest = [0, 2, 3]
    np.testing.assert_array_equal(found[rest], expected[rest])


@each_measure
@each_shape
def test_constant_heats(name, shape):
    second = heats(shape)
    with np.errstate(all="raise", under="ignore"):
        assert np.isnan(one_argument(name, second)(np.zeros(shape))).all()
        flat = one_argument(name, second)(np.full(shape, 0.3))
    assert np.isfinite(flat).all() if name in ALSO_FLAT else np.isnan(flat).all()


@pytest.mark.parametrize("name", PAIRS)
@each_shape
def test_pairs_are_symmetric_and_one_with_themselves(name, shape):
    a, b = heats(shape), heats(shape, 2)
    np.testing.assert_array_equal(PAIRS[name](a, b), PAIRS[name](b, a))
    np.testing.assert_array_equal(PAIRS[name](a, a), np.ones(len(a)))
    np.testing.assert_array_equal(PAIRS[name](a, np.ldexp(a, 9)), np.ones(len(a)))
    assert (PAIRS[name](a, b) < 0.99).all()


@each_measure
@each_shape
def test_no_rows_and_nothing_changed(name, shape):
    heat = heats(shape)
    before = heat.copy()
    one_argument(name, heat)(heat)
    assert np.array_equal(heat, before)
    assert one_argument(name, heat[:0])(heat[:0]).shape == (0,)


@each_measure
@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (np.zeros((2, 3), complex), TypeError, "(of complex128) must hold real numbers: cast them"),
        (np.zeros(3), ValueError, "(of shape (3,)) must be (B, ...) with at least one value per row: add a batch axis"),
        (np.zeros((2, 0)), ValueError, "(of shape (2, 0)) must be (B, ...) with at least one value per row"),
    ],
)
def test_refuses(name, wrong, error, message):
    with pytest.raises(error) as caught:
        one_argument(name, wrong)(wrong)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", [*MEASURES, "rank_correlation", "ssim"])
def test_a_raw_map_is_refused_where_a_heat_is_due(name):
    with pytest.raises(ValueError) as caught:
        one_argument(name, np.ones((2, 4)))(np.array([[1.0, 2, 3, 4], [1, -1, 1, -1]]))
    assert str(caught.value).endswith(
        "has negative values in rows [1], and must be at least 0: "
        "make a heat of the raw map first, `fe_saliency.heat.heat(values, channel_axis)`."
    )
