"""From a raw, signed map to heat: how much attention each pixel gets, whichever way it speaks."""

from __future__ import annotations

import numpy as np

from fe_saliency.display.channels import check_channel_axis


def heat(values: np.ndarray, channel_axis: int) -> np.ndarray:
    """|values|, summed over the channels: what is measured, stored and compared as attention.

    The sum is taken in float64, where no map of float16 or float32 can overflow. Nothing is scaled and nothing hidden:
    a pixel that is NaN or infinite in any channel is so here.

    Args:
        values: (B, ...), real numbers, such as a map of `attribute`.
        channel_axis: The axis to sum: -1 for (B, H, W, C), 1 for (B, C, H, W). Nothing is summed in (B, F).

    Returns:
        float64, at least 0, without the channel axis: (B, H, W), (B, T), (B, D, H, W); (B, F) as it was.

    Raises:
        TypeError: If the values are no real numbers, or `channel_axis` is no whole number.
        ValueError: If there is no batch axis, or no such channel axis.
    """
    values = np.asarray(values)
    if values.dtype.kind not in "buif":
        raise TypeError(f"`values` (of {values.dtype}) must hold real numbers: cast them, `values.astype('float32')`.")
    if values.ndim < 2:
        raise ValueError(f"`values` (of shape {values.shape}) must be (B, ...): add a batch axis, `values[None]`.")
    sizes = np.abs(values.astype(np.float64))
    if sizes.ndim == 2:
        return sizes
    with np.errstate(over="ignore"):  # Of float64 near its limit the sum is infinite, which the measures see
        total: np.ndarray = sizes.sum(axis=check_channel_axis(channel_axis, sizes.ndim))
    return total
