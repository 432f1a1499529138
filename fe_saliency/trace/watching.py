"""What a user asks to be watched, and where."""

from __future__ import annotations

from collections.abc import Sequence

from fe_saliency.saliency_net import SaliencyNet
from fe_saliency.watch import Region, Watch


def checked_watch(watch: None | Watch | Region | Sequence[Region]) -> Watch | None:
    """The Watch that a user's argument stands for.

    Raises:
        ValueError, TypeError: As `Watch`.
    """
    if watch is None or isinstance(watch, Watch):
        return watch
    regions = [watch] if isinstance(watch, Region) else watch
    if not isinstance(regions, (list, tuple)):
        raise TypeError(
            f"`watch` (={watch!r}) must be a region, such as Corner('top left', 4), a list of regions, a Watch or None."
        )
    return Watch(regions) if regions else None


def output_of(net: SaliencyNet, watch: Watch) -> str:
    """The key of the figure of the input that is watched.

    Raises:
        ValueError: It is not clear which input that is.
    """
    inputs = net.model_inputs
    if watch.input not in (inputs if len(inputs) > 1 else [None, *inputs]):
        raise ValueError(
            f"`watch` (of `input` {watch.input!r}) must say in which of the model's inputs, {inputs}, its regions lie: "
            f"Watch(regions, input={inputs[0]!r})."
        )
    return net.outputs[0 if watch.input is None else inputs.index(watch.input)]
