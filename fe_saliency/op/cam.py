"""Class activation maps: what a layer's activation and its gradient say of where the network looks.

For an activation A and the gradient g of the score for it, both (rows, H', W', C) (channels-first: (rows, C, H', W')),
a map is relu(sum_c w_c A_c), (rows, H', W', 1), and the ops differ in the weights w. One or three axes of space will
do too.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from fastestimator.util.traceability_util import traceable

from fe_saliency import checks
from fe_saliency.backend import Tensor
from fe_saliency.op.base import Keys, SaliencyOp


class ActivationMap(SaliencyOp):
    """Subclasses say what each channel, or each of its pixels, weighs.

    Args:
        inputs: A key of the activation, and one of its gradient.
        outputs: A key for the map, of one channel.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.
    """

    def __init__(self, inputs: Keys, outputs: Keys, mode: Keys = None, ds_id: Keys = None) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        if len(self.inputs) != 2 or len(self.outputs) != 1:
            raise ValueError(
                f"`inputs` (={self.inputs}) must be two keys, the activation's and its gradient's, and `outputs` "
                f"(={self.outputs}) one."
            )

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        activation, gradient = map(self.backend.at_least_single, data)
        weighted = self.weights(activation, gradient) * activation
        return [self._relu(self.backend.sum(weighted, self.backend.channel_axis, keepdims=True))]

    def weights(self, activation: Tensor, gradient: Tensor) -> Tensor:
        """w, which broadcasts to the shape of the activation."""
        raise NotImplementedError

    def _relu(self, tensor: Tensor) -> Tensor:
        return self.backend.where(tensor > 0, tensor, self.backend.zeros_like(tensor))

    def _over_space(self, tensor: Tensor) -> Tensor:
        """The sum over the axes of space, which are kept."""
        for axis in _space(len(self.backend.shape(tensor)), self.backend.channel_axis):
            tensor = self.backend.sum(tensor, axis, keepdims=True)
        return tensor


@traceable()
class GradCam(ActivationMap):
    """Grad-CAM (Selvaraju et al. 2017, 1610.02391): w_c is the mean of g_c. Arguments as in `ActivationMap`."""

    def weights(self, activation: Tensor, gradient: Tensor) -> Tensor:
        return self._over_space(gradient) / self._over_space(self.backend.zeros_like(gradient) + 1)


@traceable()
class GradCamPlusPlus(ActivationMap):
    """Grad-CAM++ (Chattopadhay et al. 2018, 1710.11063): w_c is the sum over space of alpha_c relu(g_c).

    alpha = g^2 / (2 g^2 + g^3 sum A), the closed form (eq. 19) for a score that enters as exp(score); the factor
    exp(score) of the whole map is left out. Arguments as in `ActivationMap`.
    """

    def weights(self, activation: Tensor, gradient: Tensor) -> Tensor:
        below = 2 + gradient * self._over_space(activation)  # both are cut by g^2, which may underflow
        never = self.backend.zeros_like(below) + float("inf")
        return self._over_space(self._relu(gradient) / self.backend.where(below == 0, never, below))


@traceable()
class LayerCam(ActivationMap):
    """Layer-CAM (Jiang et al. 2021, doi 10.1109/TIP.2021.3089943): w is relu(g). Arguments as in `ActivationMap`."""

    def weights(self, activation: Tensor, gradient: Tensor) -> Tensor:
        return self._relu(gradient)


@traceable()
class Resize(SaliencyOp):
    """Interpolate maps to another size: linear along each axis of space, the pixels' centres at halves.

    It is the convention of `tf.image.resize` and of `torch.nn.functional.interpolate(align_corners=False)`.

    Args:
        inputs: A key of maps of one channel, (rows, H', W', 1) (channels-first: (rows, 1, H', W')), and a key of a
            tensor of the wanted size, (B, H, W, C).
        outputs: A key for the maps of that size, (rows, H, W, 1), laid out as that tensor is.
        channel_axis: Where the channels of that tensor are: 1 (channels-first) or -1 (channels-last); None for the
            framework's own layout, which that of the maps is in any case.
        mode: In which mode(s) the op runs, as in every FE op.
        ds_id: For which dataset id(s) the op runs, as in every FE op.

    Raises:
        ValueError: Another `channel_axis`; when it runs: the two have not as many axes.
    """

    def __init__(
        self, inputs: Keys, outputs: Keys, channel_axis: int | None = None, mode: Keys = None, ds_id: Keys = None
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, mode=mode, ds_id=ds_id)
        self.channel_axis = checks.channel_axis(channel_axis)

    def forward(self, data: list[Tensor], state: dict[str, Any]) -> list[Tensor]:
        maps, like = data
        given, wanted = (self.backend.shape(tensor)[1:] for tensor in data)
        sizes = [size for size in given if size is not None]
        targets = [size for size in wanted if size is not None]
        own = self.backend.channel_axis
        other = self.channel_axis or own
        space = _space(len(wanted) + 1, other)
        if not len(given) == len(sizes) == len(targets) or not space:
            raise ValueError(
                f"A map {('B', *given)} of a layer cannot be laid over an input {('B', *wanted)}: choose a `layer` "
                "that gives as many axes as the input has, all of known size."
            )
        # The numbers of one channel stand in the same order in both layouts.
        sizes.insert(0 if other == 1 else len(sizes), sizes.pop(0 if own == 1 else -1))
        for axis in space:
            matrix = self.backend.tensor(interpolation(sizes[axis - 1], targets[axis - 1]))
            columns = self.backend.reshape(maps, [sizes[axis - 1], prod(sizes[axis:])])
            maps = self.backend.cast_like(matrix, maps) @ columns
            sizes[axis - 1] = targets[axis - 1]
        return [self.backend.reshape(maps, sizes)]


def interpolation(size: int, wanted: int) -> np.ndarray:
    """The matrix (wanted, size) from values at the middles of `size` equal parts to those of `wanted` ones."""
    at = np.clip((np.arange(wanted) + 0.5) * size / wanted - 0.5, 0, size - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(size)))


def _space(axes: int, channel_axis: int) -> list[int]:
    """Which of so many axes are of space."""
    return [axis for axis in range(1, axes) if axis != channel_axis % axes]
