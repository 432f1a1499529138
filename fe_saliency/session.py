"""The one way into a Network: entered once a call, left without clearing what others need.

FE's own exit clears the Keras session (which drops compiled graphs and restarts the dropout stream of a training in
progress) and moves a torch model to the CPU, and its entry overwrites `current_optimizer`. A saliency call may come in
the middle of an epoch, so this module enters and leaves in FE's place: it configures the Network once, keeps the
configurations, and leaves the models as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastestimator.network import BaseNetwork

from fe_saliency.backend import Backend, Tensor

Run = Callable[[str, Mapping[str, Tensor]], Mapping[str, Tensor]]

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
    """A Network and the programs it holds, one for each FE mode.

    Args:
        network: The Network; its ops are told apart by their modes.
        programs: {mode: the keys to be returned}.
        backend: The Network's framework.
    """

    def __init__(self, network: BaseNetwork, programs: Mapping[str, Any], backend: Backend) -> None:
        self.network = network
        self.programs = programs
        self.backend = backend
        self._contexts: dict[str, dict[str, Any]] = {}

    @contextmanager
    def entered(self) -> Iterator[Run]:
        """Enter the Network; what is yielded runs one batch through one program and returns its tensors.

        Raises:
            ValueError: The Network is in use already (by another thread).
        """
        network = self.network
        with self.backend.preserved(network.models, network.device):
            if not self._contexts:
                self._contexts = {mode: self._configure(mode) for mode in self.programs}
            network.__enter__()
            try:
                yield self._run
            finally:
                BaseNetwork.__exit__(network)

    def _configure(self, mode: str) -> dict[str, Any]:
        self.network(mode=mode, epoch=1, ds_id="", desired_output_keys=set(self.programs[mode]), eager=False)
        context = {name: getattr(self.network, name) for name in _CONTEXT}
        if "_force_tf_retrace" in context["ctx_state"]:
            # FE traces anew when optimizers or trainable flags change. Neither matters to inference.
            context["ctx_state"]["_force_tf_retrace"] = 0
        return context

    def _run(self, mode: str, batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        for name, value in self._contexts[mode].items():
            setattr(self.network, name, dict(value) if name == "ctx_state" else value)
        return self.network.run_step(dict(batch))
