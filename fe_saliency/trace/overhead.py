"""What maps take as an epoch runs them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter


def seconds_in_epoch(compute: Callable[[], object], renew: Callable[[], object]) -> float:
    """Seconds that `compute` takes in any epoch but the first.

    FE clears the Keras session after each epoch, so TensorFlow makes its programs ready again in the next one.

    Args:
        compute: Computes maps; called twice.
        renew: Leaves the framework as the end of an epoch does.
    """
    compute()  # Traces programs, which is done once.
    renew()
    begun = perf_counter()
    compute()
    return perf_counter() - begun
