"""The numbers of a model, and copies of it: one interface for both frameworks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from fe_saliency.backend import of_model

#: From the number of a parameter, counted from the input side, its shape, and its axes in the order of channels-last
#: frameworks, to what it is multiplied by, float32 of that shape.
Factor = Callable[[int, Sequence[int], Sequence[int]], np.ndarray]


class Weights(Protocol):
    """Reads models, makes copies that may be written to, and multiplies for a while; instances hold no state."""

    def read(self, model: Any) -> list[np.ndarray]:
        """Copies of all numbers of `model` on the host, in a fixed order: parameters and what is no parameter, such as
        normalisation statistics; what layers share stands there once.

        Raises:
            ValueError: The model has no weights yet.
        """

    def layers(self, model: Any) -> list[tuple[str, list[int]]]:
        """(layer, which of the arrays of `read` are its parameters) of every layer that has any, the input side first.

        Frozen parameters are parameters. Statistics are not: they describe data, and a normalisation of the input is
        part of what a model is fed. What layers share belongs to the first of them. The order is that of the
        framework: by depth in a functional Keras model, as registered in any other.

        Raises:
            ValueError: The model has no weights yet.
        """

    def copy(self, model: Any) -> Any:
        """A model with weights of its own, equal to those of `model`, that computes what `model` does in inference.

        It is compiled as far as a `SaliencyNet` needs, has no optimizer, and lives where `model` does. No generator of
        random numbers is used.

        Raises:
            ValueError: The model cannot be copied, or has no weights yet.
        """

    def multiplied(self, model: Any) -> AbstractContextManager[Callable[[Factor], None]]:
        """What is yielded gives the model its own parameters of floating dtype times factors, each time anew.

        After the block they stand there again, bit for bit and in the same place, however it ended.

        Raises:
            ValueError: The model has no weights yet, or no parameters; when what is yielded is called.
        """

    def write(self, copy: Any, arrays: Sequence[np.ndarray]) -> None:
        """Give a copy new numbers, in the order of `read`.

        Raises:
            ValueError: They are not as many, or not of these shapes.
        """


def weights_of(model: Any) -> Weights:
    """What reads and copies `model`, or any other model of its framework.

    Raises:
        ValueError: `model` was not compiled by `fe.build`.
    """
    if of_model(model).name == "tf":
        from fe_saliency.backend.weights_tf import TensorFlowWeights

        return TensorFlowWeights()
    from fe_saliency.backend.weights_torch import PyTorchWeights

    return PyTorchWeights()


def channels_last(rank: int) -> list[int]:
    """The axes of a weight tensor (out, in, ...) in the order of channels-last frameworks, (..., in, out)."""
    return [*range(2, rank), 1, 0] if rank > 1 else list(range(rank))


def parameters_of(weights: Weights, model: Any) -> list[int]:
    """Which of the arrays of `read` are parameters, the input side first.

    Raises:
        ValueError: None is, or the model has no weights yet.
    """
    found = [place for _, places in weights.layers(model) for place in places]
    if not found:
        raise ValueError(f"`model` (a {type(model).__name__}) must have parameters: there is nothing to multiply.")
    return found


def put_back(restore: Callable[[Any, Any], None], kept: Sequence[tuple[Any, Any]]) -> None:
    """Restore all that was kept; an interrupt in the middle of it is raised after all is done."""
    try:
        for each in kept:
            restore(*each)
    except BaseException:
        for each in kept:
            restore(*each)
        raise
