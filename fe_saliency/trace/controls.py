"""The maps of models that learned nothing, beside those of the one that learns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fe_saliency.attribution import Attribution
from fe_saliency.control import Randomised, Untrained
from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.trace.recipe import CONTROLS, Planned


class Controls:
    """The model as it was before the training, and a copy with shuffled weights.

    Args:
        net: Explains the model that learns.
        names: Which of `CONTROLS` are wanted.

    Raises:
        ValueError: Another name.
    """

    def __init__(self, net: SaliencyNet, names: str | Iterable[str]) -> None:
        known = isinstance(names, Iterable)
        self.names = (names,) if isinstance(names, str) else tuple(dict.fromkeys(names)) if known else ()
        if not known or set(self.names) - set(CONTROLS):
            raise ValueError(f"`controls` (={names!r}) must be of {', '.join(map(repr, CONTROLS))}.")
        self._net = net
        self._untrained = Untrained(net)
        self._randomised: Randomised | None = None
        self._shuffled: SaliencyNet | None = None

    def begin(self) -> None:
        """Remember the model as it is before the training, if that is wanted."""
        if "untrained" in self.names:
            self._untrained.remember()

    def attribute(self, name: str, rows: dict[str, Any], planned: Planned, targets: Mapping[str, Any]) -> Attribution:
        """The map of a control, for the classes that the model itself was explained for."""
        net = self._untrained.net if name == "untrained" else self._of_shuffled()
        return planned.of(net, rows, target=dict(targets), diagnose=False)

    def state(self) -> Any:
        """What must be restored for an interrupted training to go on with the same untrained model."""
        return self._untrained.state()

    def restore(self, state: Any) -> None:
        """Take over what `state` returned."""
        self._untrained.restore(state)

    def _of_shuffled(self) -> SaliencyNet:
        """A net for the weights of this moment, shuffled; the copy is made once."""
        if self._randomised is None or self._shuffled is None:
            self._randomised = Randomised(self._net.model, self._net.seed)
            self._shuffled = self._net.on(self._randomised.model)
        self._randomised.shuffle()
        return self._shuffled
