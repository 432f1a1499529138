"""The models whose maps are compared, on real images: LeNet on digits, SqueezeNet on photos (torch)."""

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from fe_saliency import SaliencyNet


@dataclass(frozen=True)
class Subject:
    """A model ready to be explained.

    Args:
        net: Its SaliencyNet; its input is "x".
        x: The images, (B, C, H, W).
        black: A black image, (C, H, W).
    """

    net: SaliencyNet
    x: np.ndarray
    black: np.ndarray


def prepare(name, folder):
    """What `subject` will read from `folder`: a LeNet is trained, for about a minute."""
    if name != "lenet":
        return
    import torch

    torch.manual_seed(0)
    estimator = _digits().get_estimator(epochs=5)
    estimator.system.traces[:] = []
    estimator.fit()
    torch.save(estimator.network.models[0].state_dict(), Path(folder) / "lenet.pt")
    np.save(Path(folder) / "digits.npy", estimator.pipeline.get_results(mode="test", shuffle=False)["x"].numpy())


@cache
def subject(name, rows, folder):
    """The model called `name` ("lenet" or "squeezenet") with its first `rows` images."""
    if name == "lenet":
        import fastestimator as fe
        from fastestimator.architecture.pytorch import LeNet

        model = fe.build(LeNet, optimizer_fn=None, weights_path=str(Path(folder) / "lenet.pt"))
        x = np.load(Path(folder) / "digits.npy")[:rows]
        return Subject(SaliencyNet(model, "x", "y_pred"), x, np.zeros(x.shape[1:], np.float32))
    from benchmarks import models

    x = models.photos("torch", rows=rows)
    black = np.broadcast_to(-models._CAFFE_MEAN[:, None, None], x.shape[1:])
    return Subject(SaliencyNet(models.squeezenet("torch", softmax=False), "x", "y_pred"), x, black)


def _digits():
    sys.path.insert(0, str(Path(__file__).parents[2] / "apphub_examples" / "digits"))
    import digits_torch

    return digits_torch
