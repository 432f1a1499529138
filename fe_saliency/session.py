"""The one way into a Network: entered once a call, left without clearing what others need.

FE's own exit clears the Keras session (which drops compiled graphs and restarts the dropout stream of a training in
progress) and moves a torch model to the CPU, and its entry overwrites `current_optimizer`. A saliency call may come in
the middle of an epoch, so this module enters and leaves in FE's place: it configures the Network once, keeps the
configurations, and leaves the models as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from fastestimator.network import BaseNetwork

from fe_saliency.backend import Backend, Tensor

Run = Callable[[str, Mapping[str, Tensor]], Mapping[str, Tensor]]

#: FE's mode for all programs: nothing is trained in it.
_MODE = "infer"
_CONTEXT = (
    "ctx_inputs",
    "ctx_gpu_inputs",
    "ctx_outputs",
    "ctx_ops",
    "ctx_postprocessing",
    "ctx_slicers",
    "ctx_models",
    "ctx_state",
)


class Session:
    """A Network and the programs it holds, one for each dataset id.

    Args:
        network: The Network; its ops are told apart by their dataset ids.
        programs: {dataset id: the keys to be returned}.
        backend: The Network's framework.
    """

    def __init__(self, network: BaseNetwork, programs: Mapping[str, Sequence[str]], backend: Backend) -> None:
        self.network = network
        self.programs = programs
        self.backend = backend
        self._contexts: dict[str, dict[str, Any]] = {}
        self._steps: dict[str, Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]] = {}

    @contextmanager
    def entered(self) -> Iterator[Run]:
        """Enter the Network; what is yielded runs one batch through one program and returns its tensors.

        Raises:
            ValueError: The Network is in use already (by another thread).
        """
        network = self.network
        with self.backend.preserved(network.models, network.device):
            if not self._contexts:
                self._contexts = {name: self._configure(name) for name in self.programs}
            network.__enter__()
            try:
                yield self._run
            finally:
                BaseNetwork.__exit__(network)

    def _configure(self, name: str) -> dict[str, Any]:
        self.network(mode=_MODE, epoch=1, ds_id=name, desired_output_keys=set(self.programs[name]), eager=False)
        self._steps[name] = self.backend.program(self.network)
        return {attribute: getattr(self.network, attribute) for attribute in _CONTEXT}

    def _run(self, name: str, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        for attribute, value in self._contexts[name].items():
            setattr(self.network, attribute, dict(value) if attribute == "ctx_state" else value)
        return self._steps[name](batch)
