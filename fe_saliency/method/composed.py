"""Methods made of other methods: anything may be smoothed, and what attributes by the gradient may be integrated."""

from __future__ import annotations

from dataclasses import replace

from fe_saliency.method.noise import Noise
from fe_saliency.method.path import Path
from fe_saliency.method.registry import Method, find
from fe_saliency.method.weight_noise import NoisyWeights
from fe_saliency.statistic import Mean, Statistic

_NOISE, _PATH = "Smilkov et al. 2017, arXiv 1706.03825", "Sundararajan et al. 2017, arXiv 1703.01365"
_WEIGHTS = "Bykov et al. 2022, arXiv 2106.10185"


def smooth(method: str | Method, over: type[Statistic] = Mean) -> Method:
    """`method` over noisy copies of the input (Smilkov et al. 2017, 1706.03825): `smooth("gradient_x_input")`.

    Args:
        method: A registered name, or a Method.
        over: `Mean`, `MeanOfSquares` or `Variance` of `fe_saliency.statistic`.

    Returns:
        A Method, not registered, whose first sample number is that of the noisy copies.

    Raises:
        ValueError: No method of that name is registered.
        TypeError: Neither a name nor a Method.
    """
    inner = find(method)
    return replace(
        inner,
        name=f"smooth({inner.name}, {over.__name__})",
        title=f"{inner.title}, smoothed ({over.__name__})",
        source=f"{_NOISE}, of {inner.source}",
        brackets=(Noise(over), *inner.brackets),
    )


def integrated(method: str | Method = "gradient", rule: str = "midpoint") -> Method:
    """`method` integrated along the line from a baseline (Sundararajan et al. 2017, 1703.01365).

    Args:
        method: A registered name, or a Method; it must attribute by the gradient.
        rule: The quadrature, as `fe_saliency.method.Path` takes it.

    Returns:
        A Method, not registered, whose first sample number is that of the path points.

    Raises:
        ValueError: No method of that name is registered, or it does not attribute by the gradient.
        TypeError: Neither a name nor a Method.
    """
    inner = find(method)
    return replace(
        inner,
        name=f"integrated({inner.name}, {rule})",
        title=f"{inner.title}, integrated",
        source=f"{_PATH}, of {inner.source}",
        brackets=(Path(rule), *inner.brackets),
    )


def noisy_weights(method: str | Method = "gradient", stdev: float = 0.2, over: type[Statistic] = Mean) -> Method:
    """`method` over models with noisy weights (NoiseGrad, Bykov et al. 2022, 2106.10185).

    `noisy_weights(smooth("gradient_x_input"))` is FusionGrad of gradient x input. See
    `fe_saliency.method.NoisyWeights` for what is drawn.

    Args:
        method: A registered name, or a Method that has no noisy weights yet.
        stdev: The standard deviation of the weights' factors, around 1.
        over: `Mean`, `MeanOfSquares` or `Variance` of `fe_saliency.statistic`.

    Returns:
        A Method, not registered, whose first sample number is that of the noisy models.

    Raises:
        ValueError: No method of that name is registered, it has noisy weights already, or `stdev` is out of range.
        TypeError: Neither a name nor a Method; or a `stdev` that is no number.
    """
    inner = find(method)
    return replace(
        inner,
        name=f"noisy_weights({inner.name}, {stdev}, {over.__name__})",
        title=f"{inner.title}, weights noisy by {stdev} ({over.__name__})",
        source=f"{_WEIGHTS}, of {inner.source}",
        brackets=(NoisyWeights(stdev, over), *inner.brackets),
    )
