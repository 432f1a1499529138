"""What maps take as an epoch runs them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter

from fe_saliency.trace.fitting import fitted, least
from fe_saliency.trace.recipe import Recipe


def cost(
    full: Recipe,
    rows: int,
    allowed: float,
    per_gradient: float,
    compute: Callable[[Recipe], object],
    renew: Callable[[], object],
) -> tuple[float, float]:
    """Seconds for each gradient evaluation, and seconds beside that maps take whatever the number of samples.

    Measured are the least useful maps, and those that seem to take what is allowed.

    Args:
        full: All that is wanted.
        rows: Of so many rows.
        allowed: The seconds that maps of these rows may take.
        per_gradient: What a gradient evaluation takes alone; in a call it never takes less.
        compute: Computes the maps of a recipe.
        renew: Leaves the framework as the end of an epoch does.
    """
    few = least(full)
    known = _seconds_in_epoch(partial(compute, few), renew)

    def beside() -> float:
        return max(0.0, known - rows * few.cost * per_gradient)

    some = fitted(full, int((allowed - beside()) / per_gradient) // rows)
    if some.cost > few.cost:
        more = _seconds_in_epoch(partial(compute, some), renew) - known
        per_gradient = max(per_gradient, more / (rows * (some.cost - few.cost)))
    return per_gradient, beside()


def _seconds_in_epoch(compute: Callable[[], object], renew: Callable[[], object]) -> float:
    """Seconds that `compute` takes in any epoch but the first.

    FE clears the Keras session after each epoch, so TensorFlow makes its programs ready again in the next one.
    """
    compute()  # Traces programs, which is done once.
    renew()
    begun = perf_counter()
    compute()
    return perf_counter() - begun
