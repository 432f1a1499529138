"""Which methods can explain the copy of a model."""

from __future__ import annotations

from fe_saliency.backend import of_model
from fe_saliency.method import Method, find
from fe_saliency.saliency_net import SaliencyNet


def check_method(net: SaliencyNet, method: str | Method, layer: None | str | int = None) -> None:
    """Raise if `method` cannot explain a copy of the model of `net`.

    In TensorFlow a copy is a graph, which has no layers that could be looked into; in PyTorch it has.

    Args:
        net: Explains the model.
        method: As in `SaliencyNet.attribute`.
        layer: As in `SaliencyNet.attribute`.

    Raises:
        ValueError: It looks into a layer, and the model is one of TensorFlow.
        TypeError: As `SaliencyNet.attribute`.
    """
    method = find(method)
    if (layer is not None or method.core.at_layer) and of_model(net.model).name == "tf":
        raise ValueError(
            f"`method` (={method.name!r}) looks into a layer of the model, but controls are copies of it, which "
            "have no layers in TensorFlow. Control a method that looks at the inputs alone, such as 'smoothgrad'."
        )
