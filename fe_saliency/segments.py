"""Segments of an image at several scales (Felzenszwalb, Huttenlocher, IJCV 2004), by scikit-image."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy import ndimage

#: The segmentation is sensitive to both: the size at which it is done, and the range of the values.
_SIZE, _RANGE = 224, (-1.0, 1.0)
#: Gaussian smoothing and the fewest pixels of a segment, and by how many pixels it is widened, at that size.
_SIGMA, _LEAST, _WIDER = 0.8, 150, 5


def felzenszwalb(image: np.ndarray, scales: Sequence[float]) -> np.ndarray:
    """All segments at all scales, widened a little, so that a region holds its edges: bool (N, H, W).

    Args:
        image: (H, W, C), of any range and any number of channels.
        scales: Larger ones make larger segments.

    Raises:
        ImportError: scikit-image is not installed.
    """
    segment, resize = tools()
    low, high = float(image.min()), float(image.max())
    scaled = (image.astype(np.float64) - low) / ((high - low) or 1.0) * (_RANGE[1] - _RANGE[0]) + _RANGE[0]
    if image.shape[:2] != (_SIZE, _SIZE):
        scaled = resize(scaled, (_SIZE, _SIZE), order=3, mode="reflect", preserve_range=True, anti_aliasing=True)
    found = []
    for scale in scales:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Got image with third dimension", RuntimeWarning)  # which is meant
            labels = segment(scaled, scale=scale, sigma=_SIGMA, min_size=_LEAST, channel_axis=-1)
        found += [_widened(labels == label) for label in range(labels.max() + 1)]
    masks = np.stack(found)
    return masks[:, _nearest(image.shape[0])[:, None], _nearest(image.shape[1])]


def tools() -> tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]:
    """What segments and what resizes an image.

    Raises:
        ImportError: scikit-image is not installed.
    """
    try:
        from skimage.segmentation import felzenszwalb
        from skimage.transform import resize
    except ImportError as error:
        raise ImportError("Regions need scikit-image: pip install 'fe_saliency[regions]'.") from error
    return felzenszwalb, resize


def _widened(mask: np.ndarray) -> np.ndarray:
    """`mask` and all that is no farther from it."""
    wide: np.ndarray = ndimage.distance_transform_edt(~mask) <= _WIDER
    return wide


def _nearest(size: int) -> np.ndarray:
    """The pixel of the segmentation that lies at the centre of each of `size`."""
    return ((np.arange(size) + 0.5) * _SIZE / size).astype(np.int64)
