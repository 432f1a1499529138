"""Copies of a model whose weights are shuffled, layer by layer; the model itself is never written to.

A map that does not change when the weights do explains the input, not the model (Adebayo et al. 2018, 1810.03292).
There the weights are drawn anew; here the values of each weight tensor are put in random order, which needs no
knowledge of how a layer is initialised, and keeps the distribution of each tensor: what the weights hold is lost, their
sizes are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fe_saliency import checks, patterns
from fe_saliency.backend import of_model
from fe_saliency.backend.weights import channels_last, weights_of

#: In which order layers are shuffled: from the input on, from the output back (both keep what was shuffled before), or
#: each alone.
ORDERS = ("bottom_up", "top_down", "independent")


class Randomised:
    """One copy of a model, to be shuffled again and again.

    The values of each parameter tensor are permuted by NumPy's Philox, keyed by `seed` and the layer's number from the
    input side. Equal weights are shuffled equally on both backends. What is no parameter stays, BatchNorm's running
    statistics for example: they describe data, and scale the input where they come first.

    Args:
        model: A model compiled by `fe.build`; only ever read.
        seed: 0 to 2 ** 64 - 1.

    Raises:
        ValueError: `model` is not from `fe.build`, has no weights yet, or cannot be copied; or `seed` is out of range.
    """

    def __init__(self, model: Any, seed: int = 0) -> None:
        self.seed = checks.seed("seed", seed)
        self.channel_axis = of_model(model).channel_axis
        self._weights = weights_of(model)
        self._source = model
        self._layers = self._weights.layers(model)
        #: The copy: equal to the model as it was when this was made, until one of the methods writes to it.
        self.model = self._weights.copy(model)

    @property
    def layers(self) -> list[str]:
        """The layers that have parameters, the input side first."""
        return [name for name, _ in self._layers]

    def shuffle(self) -> None:
        """Give the copy the model's weights of this moment, all shuffled."""
        arrays = self._weights.read(self._source)
        for number in range(len(self._layers)):
            self._shuffle(arrays, number)
        self._weights.write(self.model, arrays)

    def stages(self, order: str = "bottom_up") -> Iterator[str]:
        """Shuffle layer after layer of the model's weights of this moment.

        Args:
            order: "bottom_up", "top_down" or "independent"; see `ORDERS`.

        Yields:
            The layer that was shuffled last. `self.model` holds the stage, until the next is asked for.

        Raises:
            ValueError: An unknown `order`.
        """
        return self._stages(checked_order(order))

    def _stages(self, order: str) -> Iterator[str]:
        source = self._weights.read(self._source)
        arrays = list(source)
        numbers = range(len(self._layers))
        for number in reversed(numbers) if order == "top_down" else numbers:
            if order == "independent":
                arrays = list(source)
            self._shuffle(arrays, number)
            self._weights.write(self.model, arrays)
            yield self._layers[number][0]

    def _shuffle(self, arrays: list[np.ndarray], number: int) -> None:
        rng = patterns.generator(self.seed, patterns.WEIGHTS, number)
        for place in self._layers[number][1]:
            arrays[place] = _shuffled(arrays[place], rng, self.channel_axis)


def randomised(model: Any, seed: int = 0, order: str = "bottom_up") -> Iterator[tuple[str, Any]]:
    """Copies of a model with one more layer shuffled each time; see `Randomised`.

    Args:
        model: A model compiled by `fe.build`; only ever read.
        seed: 0 to 2 ** 64 - 1.
        order: "bottom_up" (from the input on, as Hedstroem et al. 2024 advise), "top_down" (from the output back, as
            Adebayo et al. 2018 did), both cascading; or "independent".

    Yields:
        (layer, model). It is one and the same model that is written to: use it before the next is asked for. Of the
        cascading orders the last one is fully randomised.

    Raises:
        ValueError: As `Randomised`; an unknown `order`.

    ```python
    for layer, copy in randomised(model, order="top_down"):
        print(layer, net.on(copy).attribute(batch).maps["x"])
    ```
    """
    order, copy = checked_order(order), Randomised(model, seed)
    return ((layer, copy.model) for layer in copy.stages(order))


def checked_order(order: str) -> str:
    """`order`, one of `ORDERS`.

    Raises:
        ValueError: It is not.
    """
    if order not in ORDERS:
        raise ValueError(f"`order` (={order!r}) must be one of {', '.join(map(repr, ORDERS))}.")
    return order


def _shuffled(array: np.ndarray, rng: np.random.Generator, channel_axis: int) -> np.ndarray:
    """The values of one weight tensor in random order, counted as channels-last frameworks lay weights out."""
    axes = channels_last(array.ndim) if channel_axis == 1 else list(range(array.ndim))
    seen = array.transpose(axes)
    return seen.ravel()[rng.permutation(array.size)].reshape(seen.shape).transpose(np.argsort(axes))
