"""Handwritten digits (scikit-learn's, 8x8, real) with a decoy: a patch in a corner, as bright as the class is high.

After Ross, Hughes and Doshi-Velez, "Right for the right reasons: Training differentiable models by constraining their
explanations", 2017 (1703.03717). No framework here: NumPy in, NumPy out.
"""

import cv2
import numpy as np
from sklearn.datasets import load_digits

#: Height and width of the patch, in pixels of 28 x 28.
PATCH = 6
#: The standard deviation of the noise on the digits, which makes the patch the easier thing to learn.
NOISE = 0.5
CLASSES = 10


def with_patch(images, levels):
    """Copies of images (B, 28, 28) with a patch in the top left corner; level 0 to 9 is grey 0.1 to 1."""
    images = images.copy()
    images[:, :PATCH, :PATCH] = (levels[:, None, None] + 1) / CLASSES
    return images


def load_data(decoyed, channel_axis, seed=0):
    """Train, eval and test data: images in [0, 1] under "x", digits under "y".

    In the test data the patch is of a random level: it says nothing. In the train and eval data it tells the digit if
    `decoyed`; if not, it is random there too.

    Args:
        decoyed: Whether the patch tells the digit in the train and eval data.
        channel_axis: 1 for images (B, 1, 28, 28), -1 for (B, 28, 28, 1).
        seed: Of the split, the noise and the random levels.

    Returns:
        Three dicts of arrays, of 1200, 300 and 297 rows.
    """
    rng = np.random.default_rng(seed)
    digits = load_digits()
    images = np.stack([cv2.resize(image, (28, 28), interpolation=cv2.INTER_LINEAR) for image in digits.images / 16])
    order = rng.permutation(len(images))
    images, labels = images[order], digits.target[order]
    images = np.clip(images + rng.normal(scale=NOISE, size=images.shape), 0, 1).astype(np.float32)
    levels = rng.integers(0, CLASSES, len(images))
    if decoyed:
        levels[:1500] = labels[:1500]
    x = np.expand_dims(with_patch(images, levels), channel_axis)
    return [{"x": x[part], "y": labels[part]} for part in (slice(1200), slice(1200, 1500), slice(1500, None))]
