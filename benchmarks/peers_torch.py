"""captum and PAIR saliency as contestants, each at its best batch size, on a frozen model."""

import numpy as np
import torch
from captum.attr import IntegratedGradients, NoiseTunnel, Saliency
from saliency.core import INPUT_OUTPUT_GRADIENTS
from saliency.core import GradientSaliency as PairGradient
from saliency.core import IntegratedGradients as PairIntegrated

from benchmarks.bare_torch import LAYOUTS, classes, frozen
from benchmarks.chunks import cut, pieces, probe, sizes
from benchmarks.timing import Contestant


def contestants(method, model, x, nsamples):
    """Those that have the method; none draws a random baseline for each point of a path."""
    if method == "integrated_gradients_uniform":
        return []
    return [
        peer(method, frozen(model, layout), x, nsamples, layout)
        for layout in LAYOUTS
        for peer in (_captum, _pair)
    ]


def _captum(method, model, x, nsamples, layout):
    x = x.contiguous(memory_format=LAYOUTS[layout])
    tunnel, integrated = NoiseTunnel(Saliency(model)), IntegratedGradients(model)
    # captum takes one noise level for all rows; the first row's will do, the work is the same.
    sigma = 0.15 * float(x[0].max() - x[0].min())

    def build(size, nsamples, rows):
        some, few = cut(rows, nsamples, size)

        def smooth(rows, chosen):
            return tunnel.attribute(
                x[rows], nt_type="smoothgrad", nt_samples=nsamples, nt_samples_batch_size=few, stdevs=sigma,
                target=chosen[rows], abs=False,
            )  # fmt: skip

        def integrate(rows, chosen):
            return integrated.attribute(
                x[rows], baselines=0.0, target=chosen[rows], n_steps=nsamples, method="gausslegendre",
                internal_batch_size=few * len(x[rows]),
            )  # fmt: skip

        explain = smooth if method == "smoothgrad" else integrate
        return lambda chosen: torch.cat([explain(piece, chosen) for piece in pieces(rows, some)])

    return Contestant(
        f"captum ({layout})", sizes(len(x), nsamples), build,
        find=lambda: classes(model, x), probe=probe(len(x), nsamples), label=lambda size: f"{layout}, {size} at once",
    )  # fmt: skip


def _pair(method, model, x, nsamples, layout):
    """PAIR explains one array at a time; that array may be several images, if the model's function says so."""
    batch = x.numpy()
    gradient, integrated = PairGradient(), PairIntegrated()

    def model_function(arrays, call_model_args, expected_keys):
        index = call_model_args  # (rows of a group,)
        flat = torch.from_numpy(np.asarray(arrays, np.float32).reshape(-1, *batch.shape[1:]))
        flat = flat.contiguous(memory_format=LAYOUTS[layout]).requires_grad_()
        scores = model(flat).gather(1, index.repeat(len(flat) // len(index))[:, None])
        (found,) = torch.autograd.grad(scores.sum(), flat)
        return {INPUT_OUTPUT_GRADIENTS: found.numpy().reshape(arrays.shape)}

    def build(setting, nsamples, rows):
        some, few = setting

        def smooth(rows, chosen):
            return gradient.GetSmoothedMask(
                batch[rows], model_function, chosen[rows], nsamples=nsamples, magnitude=False
            )

        def integrate(rows, chosen):
            return integrated.GetMask(batch[rows], model_function, chosen[rows], x_steps=nsamples, batch_size=few)

        explain = smooth if method == "smoothgrad" else integrate
        return lambda chosen: np.concatenate([explain(piece, chosen) for piece in pieces(rows, some)])

    cuts = dict.fromkeys(cut(len(x), nsamples, size) for size in sizes(len(x), nsamples))
    if method == "smoothgrad":  # which takes one noisy copy at a time
        cuts = dict.fromkeys((some, 1) for some, _ in cuts)
    return Contestant(
        f"PAIR saliency ({layout})", list(cuts), build,
        find=lambda: classes(model, x.contiguous(memory_format=LAYOUTS[layout])), probe=lambda setting: setting[::-1],
        label=lambda setting: f"{layout}, {setting[0]} rows x {setting[1]} points at once",
    )  # fmt: skip
