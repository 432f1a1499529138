"""What the maps of an epoch take beside gradients."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from fe_saliency.backend import Backend


def overhead(compute: Callable[[], object], gradients: float, backend: Backend) -> float:
    """Seconds that `compute` takes at the end of an epoch, beyond those of its gradients.

    FE lets go of TensorFlow's programs after each epoch, so that the first use of each in the next one takes longer.

    Args:
        compute: Computes maps, as few as may be.
        gradients: The seconds of their gradients.
        backend: The framework.
    """
    compute()  # Traces what will be used in all epochs.
    backend.forget()
    begun = perf_counter()
    compute()
    return max(0.0, perf_counter() - begun - gradients)
