"""Methods made of others: anything may be smoothed or read by regions, and what is of the gradient integrated."""

from __future__ import annotations

from dataclasses import replace

from fe_saliency.method.noise import Noise
from fe_saliency.method.path import Path
from fe_saliency.method.region_map import Regions
from fe_saliency.method.registry import Method, find
from fe_saliency.method.weight_noise import NoisyWeights
from fe_saliency.statistic import Mean, Statistic

_NOISE, _PATH = "Smilkov et al. 2017, arXiv 1706.03825", "Sundararajan et al. 2017, arXiv 1703.01365"
_WEIGHTS, _REGIONS = "Bykov et al. 2022, arXiv 2106.10185", "Kapishnikov et al. 2019, arXiv 1906.02825"


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


def regions(method: str | Method = "integrated_gradients", ranking: Regions | None = None) -> Method:
    """`method`, and then its map read region by region (XRAI, Kapishnikov et al. 2019, 1906.02825).

    `regions("integrated_gradients")` is the method "xrai". Wherever it stands among other compositions, regions are
    found last, in the clean image, with scikit-image.

    Args:
        method: A registered name, or a Method that has no regions yet. Where it has a path from any baseline and the
            caller gives none, it is run from black and from white, and the two maps are averaged.
        ranking: How regions are found and ranked; None for `Regions()`.

    Returns:
        A Method, not registered, that takes the sample numbers of `method`. Maps of images have one channel.

    Raises:
        ValueError: No method of that name is registered, or it has regions already.
        TypeError: Neither a name nor a Method; or a `ranking` that is no `Regions`.
    """
    inner, ranking = find(method), Regions() if ranking is None else ranking
    if not isinstance(ranking, Regions):
        raise TypeError(f"`ranking` (={ranking!r}) must be a `Regions` of `fe_saliency.method`, or None.")
    if inner.regions is not None:
        raise ValueError(
            f"`method` (={inner.name!r}) must be one without regions, but its map is one of regions already."
        )
    return replace(
        inner,
        name=f"regions({inner.name})",
        title=f"{inner.title}, by regions",
        source=f"{_REGIONS}, of {inner.source}",
        regions=ranking,
    )
