"""The numbers of a model, and copies of it: one interface for both frameworks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from fe_saliency.backend import of_model


class Weights(Protocol):
    """Reads models, never changes one, and makes copies that may be written to; instances hold no state."""

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
