"""Methods by name, and how many samples they take."""

import pytest

import fe_saliency
from fe_saliency.method import Method, Noise, Path, find, methods, noisy_weights, regions, register, smooth
from fe_saliency.statistic import MeanOfSquares, Variance

NESTED = find("smoothed_integrated_gradients")


def test_the_methods_that_the_getters_stand_on_are_there():
    needed = {"gradient", "smoothgrad", "smoothgrad_squared", "vargrad", "integrated_gradients"}
    needed |= {"smoothed_integrated_gradients", "smoothed_integrated_gradients_squared"}
    assert needed <= set(methods())
    assert fe_saliency.methods is methods and fe_saliency.register is register and fe_saliency.Method is Method


@pytest.mark.parametrize("name", methods())
def test_every_method_says_what_it_is(name):
    method = find(name)
    assert method.name == name and method.title and ("arXiv" in method.source or "doi" in method.source)
    assert find(method) is method


UNSIGNED = {"absolute_gradient", "squared_gradient", "smoothgrad_squared", "vargrad"}
UNSIGNED |= {"smoothed_integrated_gradients_squared", "integrated_gradients_variance"}
UNSIGNED |= {"gradcam", "gradcam_plus_plus", "layercam"}


def test_which_maps_have_a_sign():
    assert {name for name in methods() if not find(name).signed} == UNSIGNED
    assert smooth("gradient_x_input").signed and noisy_weights("smoothgrad").signed
    for method in (smooth("gradcam"), smooth("gradient", Variance), noisy_weights("gradient", over=MeanOfSquares)):
        assert not method.signed, method.name
    assert find("xrai").signed and not regions("vargrad").signed


def test_register_twice_is_harmless_and_a_second_of_the_name_is_refused():
    assert register(find("smoothgrad")) is find("smoothgrad")
    with pytest.raises(ValueError, match="called 'smoothgrad' is registered already; choose another `name`"):
        register(Method("smoothgrad", "Another", "arXiv", (Path(),)))
    assert find("smoothgrad").brackets == (Noise(),)


@pytest.mark.parametrize(
    "method, nsamples, expected",
    [
        ("gradient", None, ()),
        ("gradient", 1, ()),
        ("smoothgrad", None, (25,)),
        ("smoothgrad", 4, (4,)),
        ("smoothgrad", (4,), (4,)),
        ("vargrad", 2, (2,)),
        (NESTED, None, (25, 25)),
        (NESTED, [3, 4], (3, 4)),
    ],
)
def test_numbers_of_samples(method, nsamples, expected):
    assert find(method).samples(nsamples) == expected


@pytest.mark.parametrize(
    "method, nsamples, error, message",
    [
        ("smoothgrad", 0, ValueError, r"`nsamples` \(=0\) must be at least 1 for Noise in the method 'smoothgrad'"),
        ("smoothgrad", -3, ValueError, r"`nsamples` \(=-3\) must be at least 1"),
        ("vargrad", 1, ValueError, r"`nsamples` \(=1\) must be at least 2 for Noise in the method 'vargrad'"),
        (NESTED, (3, 0), ValueError, r"`nsamples` \(=\(3, 0\)\) must be at least 1 for Path"),
        (NESTED, 5, ValueError, r"`nsamples` \(=5\) must be 2 whole numbers, \(Noise, Path\)"),
        ("gradient", 5, ValueError, r"`nsamples` \(=5\) must be None or 1 for the method 'gradient'"),
        ("smoothgrad", (3, 4), ValueError, r"`nsamples` \(=\(3, 4\)\) must be a whole number"),
        ("smoothgrad", 2.5, TypeError, r"`nsamples` \(=2.5\) must be a whole number, not float"),
        ("smoothgrad", True, TypeError, r"`nsamples` \(=True\) must be a whole number, not bool"),
    ],
)
def test_wrong_numbers_of_samples(method, nsamples, error, message):
    with pytest.raises(error, match=message):
        find(method).samples(nsamples)


def test_unknown_methods():
    with pytest.raises(ValueError, match=r"`method` \(='gradkam'\) must be one of 'gradient', .*, or a Method"):
        find("gradkam")
    with pytest.raises(TypeError, match=r"`method` \(a type\) must be a registered name or a Method"):
        find(Variance)


def test_an_unknown_rule_is_refused_where_it_is_given():
    with pytest.raises(ValueError, match=r"`rule` \(='simpson'\) must be one of"):
        Path(rule="simpson")
