"""The opponent in torch: the loop that an expert would write by hand, with nothing in it but the gradients.

The model is frozen and in eval mode, noise levels are known beforehand, noise comes from `torch.randn`.
"""

from copy import deepcopy

import numpy as np
import torch
from torch.nn.utils.fusion import fuse_conv_bn_eval

from benchmarks.chunks import cut, pieces, probe, sizes
from benchmarks.timing import Contestant

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def frozen(model, layout="contiguous"):
    """A copy of `model` whose weights take no gradient, in a memory layout."""
    model = deepcopy(model).eval().requires_grad_(False)
    return model.to(memory_format=LAYOUTS[layout])


def has_norms(model):
    """Whether there is something to fold."""
    return any(isinstance(layer, torch.nn.BatchNorm2d) for layer in model.modules())


def folded(model, x):
    """The model itself, with each batch norm folded into the convolution that is defined before it."""
    with torch.no_grad():
        before = model(x)
        for parent in list(model.modules()):
            layers = list(parent.named_children())
            for (inner, convolution), (outer, norm) in zip(layers, layers[1:], strict=False):
                if isinstance(convolution, torch.nn.Conv2d) and isinstance(norm, torch.nn.BatchNorm2d):
                    setattr(parent, inner, fuse_conv_bn_eval(convolution, norm))
                    setattr(parent, outer, torch.nn.Identity())
        torch.testing.assert_close(model(x), before, rtol=1e-3, atol=1e-4)
    return model


def classes(model, x):
    """The predicted class of each row."""
    with torch.no_grad():
        return model(x).argmax(1)


def contestants(method, model, x, nsamples):
    """Both memory layouts, with batch norms and with folded ones, each with all chunk sizes; the best is the opponent.

    Args:
        method: "smoothgrad", "integrated_gradients" (from zero) or "integrated_gradients_uniform".
        model: The model; it is copied.
        x: (B, C, H, W).
        nsamples: Gradients per row.
    """

    def contestant(layout, fold):
        copy = folded(frozen(model, layout), x[:1]) if fold else frozen(model, layout)
        name = f"{layout}, folded" if fold else layout
        return Contestant(
            f"bare {name}",
            sizes(len(x), nsamples),
            lambda size, few, rows: loop(method, copy, x[:rows], few, size, LAYOUTS[layout]),
            find=lambda: classes(copy, x.contiguous(memory_format=LAYOUTS[layout])),
            probe=probe(len(x), nsamples),
            core=True,
            label=lambda size: f"{name}, {size} at once",
        )

    return [contestant(layout, fold) for fold in ([False, True] if has_norms(model) else [False]) for layout in LAYOUTS]


def loop(method, model, x, nsamples, size, memory_format=torch.contiguous_format):
    """A call that takes the class of each row, (B,), and returns the maps of `x`, (B, C, H, W)."""
    some, few = cut(len(x), nsamples, size)
    points, finish = METHODS[method](x, nsamples)

    def call(chosen):
        maps = torch.empty_like(x)
        for rows in pieces(len(x), some):
            total = torch.zeros_like(x[rows])
            for samples in pieces(nsamples, few):
                folded, factor = points(rows, samples)
                flat = folded.flatten(0, 1).contiguous(memory_format=memory_format).requires_grad_()
                index = chosen[rows].repeat(len(folded))[:, None]
                (gradient,) = torch.autograd.grad(model(flat).gather(1, index).sum(), flat)
                gradient = gradient.unflatten(0, folded.shape[:2])
                total += (gradient if factor is None else gradient.mul_(factor)).sum(0)
            maps[rows] = total
        return finish(maps)

    return call


def _smoothgrad(x, nsamples):
    sigma = 0.15 * (x.amax((1, 2, 3), keepdim=True) - x.amin((1, 2, 3), keepdim=True))

    def points(rows, samples):
        few = samples.stop - samples.start
        return torch.randn(few, *x[rows].shape).mul_(sigma[rows]).add_(x[rows]), None

    return points, lambda total: total.div_(nsamples)


def _from_zero(x, nsamples):
    nodes, weights = np.polynomial.legendre.leggauss(nsamples)
    nodes, weights = (torch.tensor(each, dtype=x.dtype).view(-1, 1, 1, 1, 1) for each in ((nodes + 1) / 2, weights / 2))
    return lambda rows, samples: (nodes[samples] * x[rows], weights[samples]), lambda total: total.mul_(x)


def _from_uniform(x, nsamples):
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    position = ((torch.arange(nsamples) + 0.5) / nsamples).view(-1, 1, 1, 1, 1)

    def points(rows, samples):
        few = samples.stop - samples.start
        baseline = torch.rand(few, *x[rows].shape).mul_(high[rows] - low[rows]).add_(low[rows])
        step = x[rows] - baseline
        return torch.addcmul(baseline, position[samples], step), step

    return points, lambda total: total.div_(nsamples)


METHODS = {
    "smoothgrad": _smoothgrad,
    "integrated_gradients": _from_zero,
    "integrated_gradients_uniform": _from_uniform,
}
