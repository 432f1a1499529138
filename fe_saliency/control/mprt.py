"""The Model Parameter Randomisation Test (Adebayo et al. 2018, 1810.03292), layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fe_saliency.backend import to_numpy
from fe_saliency.control.copies import check_method
from fe_saliency.control.randomised import Randomised, checked_order
from fe_saliency.heat import heat
from fe_saliency.measure import cosine, flat, rank_correlation
from fe_saliency.method import Method
from fe_saliency.saliency_net import SaliencyNet


@dataclass(frozen=True, eq=False)
class MprtResult:
    """How alike the maps of a model and of its randomised copies are; S stages, B rows.

    Args:
        layers: The layer shuffled at each stage, S of them; in a cascade those before it stay shuffled.
        rank_correlation: float64 (S, B): Spearman's, of the heats (without signs). Near 0 for a map that owes its
            structure to what was shuffled. NaN where a heat is constant.
        cosine: float64 (S, B): of the raw, signed maps. NaN where a map is zero.
    """

    layers: tuple[str, ...]
    rank_correlation: np.ndarray
    cosine: np.ndarray


def mprt(
    net: SaliencyNet,
    batch: dict[str, Any],
    method: str | Method = "gradient",
    *,
    order: str = "top_down",
    seed: int = 0,
    **options: Any,
) -> MprtResult:
    """How a method's maps change as the model's layers are shuffled one after the other.

    Targets, noise and baselines are held at the original's; maps of several inputs are compared as one. Two warnings
    from later work: from the output back ("top_down", the published order) much of the original map survives in the
    layers below, whatever the method (Binder et al. 2023, 2211.12486); and noisy maps are unlike each other for no
    better reason than their noise (Hedstroem et al. 2024, 2405.02383), to which `emprt` is the answer.

    Args:
        net: Explains the model.
        batch: As in `SaliencyNet.attribute`.
        method: As in `SaliencyNet.attribute`.
        order: "top_down", "bottom_up" or "independent"; see `fe_saliency.control.randomised`.
        seed: The seed of the shuffling, 0 to 2 ** 64 - 1.
        **options: The other arguments of `SaliencyNet.attribute`, but for `seed`, which is the net's.

    Raises:
        ValueError: As `SaliencyNet.attribute` or `fe_saliency.control.randomised`; a method that looks into a layer, in
            TensorFlow.
        TypeError: As `SaliencyNet.attribute`.

    ```python
    found = mprt(net, {"x": images}, "smoothgrad", nsamples=16)
    dict(zip(found.layers, found.rank_correlation.mean(axis=1)))
    ```
    """
    checked_order(order)
    check_method(net, method, options.get("layer"))
    options = {"diagnose": False, **options}
    found = net.attribute(batch, method, **options)
    copy = Randomised(net.model, seed)
    control = net.on(copy.model)
    layers, alike = [], []
    for layer in copy.stages(order):
        changed = control.attribute(batch, method, **{**options, "target": found.explained})
        layers.append(layer)
        alike.append(_alike(found.maps, changed.maps, found.channel_axis))
    ranks, cosines = zip(*alike, strict=True)
    return MprtResult(tuple(layers), np.stack(ranks), np.stack(cosines))


def _alike(maps: Mapping[str, Any], others: Mapping[str, Any], channel_axis: int) -> tuple[np.ndarray, np.ndarray]:
    raw, other = ([to_numpy(each) for each in several.values()] for several in (maps, others))
    heats, other_heats = (flat([heat(each, channel_axis) for each in several]) for several in (raw, other))
    return rank_correlation(heats, other_heats), cosine(flat(raw), flat(other))
