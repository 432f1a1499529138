"""What both backends share: digits of which some training labels are wrong on purpose, and the loss of each example."""

import numpy as np
from fastestimator.trace.trace import Trace
from sklearn.datasets import load_digits

from fe_saliency.backend import to_numpy

CLASSES = 10
TRAIN = 1500


def load_data(flipped=0.05, seed=0):
    """Handwritten digits (scikit-learn's, 8x8, real), each pixel enlarged to 3x3, which LeNet needs.

    Args:
        flipped: The share of training labels that become another digit, each of the other nine as likely.
        seed: Decides which images are for training, which labels are flipped, and to what.

    Returns:
        (training data, test data, flips): data are {"x": images (N, 24, 24, 1) in [0, 1], "y": digits (N,)}, flips
        bool (TRAIN,).
    """
    rng = np.random.default_rng(seed)
    digits = load_digits()
    images = (digits.images / 16).repeat(3, axis=1).repeat(3, axis=2)
    order = rng.permutation(len(images))
    x, y = images[order, ..., None].astype(np.float32), digits.target[order]
    flips = np.zeros(TRAIN, bool)
    flips[rng.choice(TRAIN, round(flipped * TRAIN), replace=False)] = True
    y[:TRAIN][flips] = (y[:TRAIN][flips] + rng.integers(1, CLASSES, flips.sum())) % CLASSES
    return {"x": x[:TRAIN], "y": y[:TRAIN]}, {"x": x[TRAIN:], "y": y[TRAIN:]}, flips


class LossPerExample(Trace):
    """Keeps the loss of each example of a dataset at each epoch: VoG's rival.

    Args:
        loss_key: The key of the losses, (B,).
        ds_id: The dataset id.
    """

    def __init__(self, loss_key, ds_id):
        super().__init__(inputs=loss_key, mode="eval", ds_id=ds_id)
        self.epochs = []  # one (N,) array each

    def on_epoch_begin(self, data):
        self.epochs.append([])

    def on_batch_end(self, data):
        self.epochs[-1].append(to_numpy(data[self.inputs[0]]))

    def losses(self):
        """(epochs, N)."""
        return np.array([np.concatenate(epoch) for epoch in self.epochs])
