"""Puts noisy weights into a model, one sample after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from fe_saliency import patterns
from fe_saliency.backend.weights import weights_of
from fe_saliency.compose import Composition
from fe_saliency.feeder import Feeder

#: Makes the model that of one sample of the outermost bracket.
Redraw = Callable[[int], None]


@contextmanager
def redrawn(model: Any, composition: Composition, feeder: Feeder) -> Iterator[Redraw | None]:
    """What gives `model` the weights of a sample, and what stands inside draws of its own; None without such a bracket.

    After the block the model is what it was, however it ended.
    """
    if not composition.of_weights:
        yield None
        return
    bracket, sampling = feeder.brackets[0], feeder.samplings[0]
    with weights_of(model).multiplied(model) as multiply:

        def redraw(sample: int) -> None:
            multiply(partial(bracket.factor, sampling, sample))
            feeder.reseed(patterns.reseeded(sampling.seed, sample))

        yield redraw
