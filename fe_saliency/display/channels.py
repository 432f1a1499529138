"""Where the channels are, and what to do with any number of them."""

import numpy as np

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601: how bright red, green and blue look to the eye


def check_channel_axis(channel_axis: int, rank: int) -> int:
    """Normalise the position of the channels.

    Args:
        channel_axis: Any axis but the batch's own; may be negative.
        rank: How many axes the array has, the batch included.

    Returns:
        The same axis, counted from the front.

    Raises:
        TypeError: If `channel_axis` is not a whole number.
        ValueError: If there is no such axis, or it is the batch's.
    """
    if isinstance(channel_axis, bool) or not isinstance(channel_axis, (int, np.integer)):
        raise TypeError(
            f"`channel_axis` (={channel_axis!r}) must be an int: -1 for channels-last, 1 for channels-first."
        )
    axis = int(channel_axis) + (rank if channel_axis < 0 else 0)
    if not 1 <= axis < rank:
        raise ValueError(
            f"`channel_axis` (={channel_axis}) must name an axis after the batch in an array of "
            f"{rank} axes: use -1 for channels-last, 1 for channels-first."
        )
    return axis


def channels_last(values: np.ndarray, channel_axis: int | None) -> np.ndarray:
    """Bring the channels to the end, where everything that draws expects them.

    Args:
        values: (B, ...). Of rank 2, (B, F), it has no channels and is returned as it is.
        channel_axis: -1 for channels-last, 1 for channels-first, None if the array has no channel
            axis.

    Returns:
        A view of `values`, (B, ..., C).
    """
    values = np.asarray(values)
    if channel_axis is None or values.ndim < 3:
        return values
    return np.moveaxis(values, check_channel_axis(channel_axis, values.ndim), -1)


def to_gray(images: np.ndarray) -> np.ndarray:
    """The brightness of each pixel.

    Args:
        images: (..., C), floating point. Three channels are taken for RGB and weighted as the eye
            does; of any other number, the mean is taken.

    Returns:
        (...), in the range of `images`: the weights are positive and sum to 1.
    """
    if images.shape[-1] == 3:
        red, green, blue = _LUMA
        return red * images[..., 0] + green * images[..., 1] + blue * images[..., 2]
    return images[..., 0] if images.shape[-1] == 1 else images.mean(axis=-1)
