"""`fe_saliency` and the module of FastEstimator that it succeeds, as contestants."""

import fastestimator as fe

import fe_saliency
from benchmarks.timing import Contestant

OURS = "fe_saliency"


def ours(method, model, x):
    """Raw maps and nothing else, which is what all others do; then what a full report and display masks cost on top."""
    net = fe_saliency.SaliencyNet(model, "x", "y")
    name, options = {
        "smoothgrad": ("smoothgrad", {}),
        "integrated_gradients": ("integrated_gradients", {"baseline": "zero"}),
        "integrated_gradients_uniform": ("integrated_gradients", {}),
    }[method]

    def attribute(**more):
        return lambda _, few, rows: lambda: net.attribute({"x": x[:rows]}, name, nsamples=few, **options, **more)

    # The errors and gaps that `attribute` reports are extra work.
    found = [
        Contestant(OURS, ["auto"], attribute(diagnose=False), core=True),
        Contestant("with report", ["auto"], attribute()),
    ]
    getter = _getter(net, method, x)
    return found + ([Contestant("masks", ["auto"], getter)] if getter else [])


def fastestimators(method, model, x):
    """FE's SaliencyNet where it has such a method."""
    getter = _getter(fe.xai.SaliencyNet(model, "x", "y"), method, x)
    return [Contestant("FastEstimator", ["as it is"], getter, probe=lambda _: (2, len(x)))] if getter else []


def _getter(net, method, x):
    """The display masks of `net`; both modules have the same getters."""
    if method == "smoothgrad":
        return lambda _, few, rows: lambda: net.get_smoothed_masks({"x": x[:rows]}, nsamples=few, magnitude=False)
    if method == "integrated_gradients_uniform":
        return lambda _, few, rows: lambda: net.get_integrated_masks({"x": x[:rows]}, nsamples=few)
    return None
