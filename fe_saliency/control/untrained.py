"""The model as it was before it learned anything, beside the model of today."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fe_saliency.backend.weights import weights_of
from fe_saliency.saliency_net import SaliencyNet


class Untrained:
    """Remembers a model's weights at the start of a training, to explain the same rows by them later.

    It holds one copy of the weights and draws nothing at random. What it remembers can be put into a file and taken out
    again, so that an interrupted training goes on with it.

    Args:
        net: Explains the model.

    ```python
    untrained = Untrained(net)
    untrained.remember()  # before the training
    ...
    found = net.attribute(batch)
    before = untrained.net.attribute(batch, target=found.explained)
    ```
    """

    def __init__(self, net: SaliencyNet) -> None:
        self._of = net
        self._net: SaliencyNet | None = None

    @property
    def net(self) -> SaliencyNet:
        """The same net for the model as it was: equal keys, score, seed and pace.

        Raises:
            ValueError: Nothing was remembered yet.
        """
        if self._net is None:
            raise ValueError("The untrained model is not known: call `remember()` before the training begins.")
        self._net.seed = self._of.seed
        return self._net

    def remember(self) -> None:
        """Take the weights of this moment for the untrained ones, unless some are remembered already.

        They are "untrained" as far as what follows is concerned: before a second training, what the first has learned.

        Raises:
            ValueError: The model has no weights yet, or cannot be copied.
        """
        if self._net is None:
            self._net = self._of.on(weights_of(self._of.model).copy(self._of.model))

    def state(self) -> list[np.ndarray] | None:
        """What is remembered, as arrays for a file; None if nothing is."""
        return None if self._net is None else weights_of(self._net.model).read(self._net.model)

    def restore(self, state: Sequence[np.ndarray] | None) -> None:
        """Remember what `state` returned instead.

        Raises:
            ValueError: It is of another model; or as `remember`.
        """
        if state is None:
            self._net = None
            return
        self.remember()
        weights_of(self.net.model).write(self.net.model, state)
