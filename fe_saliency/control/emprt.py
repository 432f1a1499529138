"""The Efficient Model Parameter Randomisation Test (Hedstroem et al. 2024, 2405.02383)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency.backend import to_numpy
from fe_saliency.checks import whole
from fe_saliency.control.copies import check_method
from fe_saliency.control.randomised import Randomised
from fe_saliency.method import Method
from fe_saliency.saliency_net import SaliencyNet

#: As many bins as in the paper and its authors' code.
BINS = 100


@dataclass(frozen=True, eq=False)
class EmprtResult:
    """How much more complex the maps of a randomised model are; B rows.

    Args:
        ratio: float64 (B,): (H_randomised - H_original) / H_original. Above 0 for maps that owe their structure to what
            the model learned; 0 for maps that ignore the weights. NaN where the original map is constant or not finite.
        entropy_original: float64 (B,), in nats: `histogram_entropy` of the model's maps, summed over its inputs.
        entropy_randomised: float64 (B,): the same of the randomised model.
    """

    ratio: np.ndarray
    entropy_original: np.ndarray
    entropy_randomised: np.ndarray


def histogram_entropy(maps: Any, channel_axis: int = -1, bins: int = BINS) -> np.ndarray:
    """The discrete entropy of each map: -sum p log p over a histogram of its values.

    The values are raw and signed, summed over the channel axis (rank-2 maps as they are). The histogram has `bins` bins
    of equal width from the row's smallest value to its largest, the last one closed; p is the share of the values in a
    bin. So neither the places of the values nor their size counts, only how they spread: many near zero and a few large
    ones give a low entropy, noise a high one.

    Args:
        maps: Tensor or array (B, ...).
        channel_axis: The channel axis of maps of rank above 2.
        bins: How many bins.

    Returns:
        float64 (B,), in nats, 0 (a constant map) to log(bins). NaN where a map is not finite.

    Raises:
        ValueError: Fewer than 2 bins; maps without a batch axis.
        TypeError: A number of bins that is not whole.
    """
    whole("bins", bins, 2)
    values = np.asarray(to_numpy(maps), np.float64)
    if values.ndim < 2:
        raise ValueError(f"`maps` (of shape {values.shape}) must be (B, ...): rows, then the axes of one map.")
    if values.ndim > 2:
        values = values.sum(axis=channel_axis)
    return np.array([_entropy(row.ravel(), bins) for row in values])


def entropy_rise(
    original: Mapping[str, Any], randomised: Mapping[str, Any], channel_axis: int = -1, bins: int = BINS
) -> EmprtResult:
    """eMPRT of maps that are there already.

    Args:
        original: {input key: raw maps (B, ...)} of the model.
        randomised: The same of the fully randomised model, explaining the same classes of the same rows.
        channel_axis: As in `histogram_entropy`.
        bins: As in `histogram_entropy`.

    Raises:
        ValueError: Maps of different keys, or as `histogram_entropy`.
        TypeError: As `histogram_entropy`.
    """
    if original.keys() != randomised.keys():
        raise ValueError(f"`original` has maps of {list(original)}, but `randomised` has maps of {list(randomised)}.")

    def total(maps: Mapping[str, Any]) -> np.ndarray:
        return np.sum([histogram_entropy(each, channel_axis, bins) for each in maps.values()], axis=0)

    before, after = total(original), total(randomised)
    ratio = np.full_like(before, np.nan)
    np.divide(after - before, before, out=ratio, where=before > 0)
    return EmprtResult(ratio, before, after)


def emprt(
    net: SaliencyNet,
    batch: dict[str, Any],
    method: str | Method = "gradient",
    *,
    seed: int = 0,
    bins: int = BINS,
    **options: Any,
) -> EmprtResult:
    """eMPRT of a method on a model: the relative rise of the maps' entropy when the model is fully randomised.

    The randomised model is a copy with all its parameters shuffled (`fe_saliency.control.Randomised`; the paper draws
    them anew). Targets, noise and baselines are held at the original's. A shuffled softmax is often so sure that its
    probability has no gradient: its map is then constant, and the ratio -1; explain its logit, `score="logit"`.

    The ratio of one model, one seed and a few rows scatters: small untrained networks were seen at -0.04 to 0.05, and
    trained ones at -0.04 to 0.11. Average over many rows and some seeds, and put the untrained model's beside it.

    Args:
        net: Explains the model.
        batch: As in `SaliencyNet.attribute`.
        method: As in `SaliencyNet.attribute`.
        seed: The seed of the shuffling, 0 to 2 ** 64 - 1.
        bins: As in `histogram_entropy`.
        **options: The other arguments of `SaliencyNet.attribute`, but for `seed`, which is the net's: `nsamples`,
            `baseline`, `target`, `score`, ...

    Raises:
        ValueError: As `SaliencyNet.attribute`, `Randomised` or `histogram_entropy`; a method that looks into a
            layer, in TensorFlow.
        TypeError: As `SaliencyNet.attribute` or `histogram_entropy`.

    ```python
    emprt(net, {"x": images}, "smoothgrad", nsamples=16, score="logit").ratio  # (B,)
    ```
    """
    whole("bins", bins, 2)
    check_method(net, method, options.get("layer"))
    options = {"diagnose": False, **options}
    found = net.attribute(batch, method, **options)
    copy = Randomised(net.model, seed)
    copy.shuffle()
    control = net.on(copy.model).attribute(batch, method, **{**options, "target": found.explained})
    return entropy_rise(found.maps, control.maps, found.channel_axis, bins)


def _entropy(values: np.ndarray, bins: int) -> float:
    low, high = values.min(), values.max()
    if not np.isfinite(high - low):
        return np.nan
    if low == high:
        return 0.0
    counts = np.histogram((values - low) / (high - low), bins, (0, 1))[0]
    shares = counts[counts > 0] / values.size
    return float(-(shares * np.log(shares)).sum())
