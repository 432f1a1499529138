"""xplique and tf-explain as contestants, each at its best batch size."""

import numpy as np
import tensorflow as tf
from tf_explain.core.integrated_gradients import IntegratedGradients as ExplainIntegrated
from tf_explain.core.smoothgrad import SmoothGrad as ExplainSmooth
from xplique.attributions import IntegratedGradients, SmoothGrad

from benchmarks.bare_tf import finder
from benchmarks.chunks import pieces, sizes
from benchmarks.timing import Contestant


def contestants(method, model, x, nsamples):
    """Those that have the method; none draws a random baseline for each point of a path."""
    if method == "integrated_gradients_uniform":
        return []
    sigma = 0.15 * float(tf.reduce_max(x[0]) - tf.reduce_min(x[0]))
    return [_xplique(method, model, x, nsamples, sigma), _tf_explain(method, model, x, sigma)]


def _xplique(method, model, x, nsamples, sigma):
    def build(size, nsamples, rows):
        if method == "smoothgrad":
            explainer = SmoothGrad(model, batch_size=size, reducer=None, nb_samples=nsamples, noise=sigma)
        else:
            explainer = IntegratedGradients(model, batch_size=size, reducer=None, steps=nsamples)
        return lambda chosen: explainer.explain(x[:rows], tf.one_hot(chosen[:rows], model.output_shape[-1]))

    return Contestant(
        "xplique", sizes(len(x), nsamples), build, find=finder(model, x),
        probe=lambda size: (min(size, nsamples), max(1, size // nsamples)), label=lambda size: f"batch_size={size}",
    )  # fmt: skip


def _tf_explain(method, model, x, sigma):
    """Its steps without the picture that they end in; it has no batch size, but may be given a few rows at a time."""
    images = x.numpy()

    def smooth(rows, nsamples, label):
        noisy = ExplainSmooth.generate_noisy_images(images[rows], nsamples, np.float32(sigma))
        return ExplainSmooth.get_averaged_gradients(noisy, model, label, nsamples)

    def integrate(rows, nsamples, label):
        path = ExplainIntegrated.generate_interpolations(images[rows], nsamples).astype(np.float32)
        return ExplainIntegrated.get_integrated_gradients(path, model, label, nsamples)

    explain = smooth if method == "smoothgrad" else integrate
    return Contestant(
        "tf-explain",
        [some for some in (1, 2, 4, 8, 16, 32) if some <= len(x)],
        # It takes one class for all rows.
        lambda some, few, rows: lambda chosen: [explain(piece, few, int(chosen[0])) for piece in pieces(rows, some)],
        find=finder(model, x),
        probe=lambda some: (25, some),
        label=lambda some: f"{some} rows at a time",
    )
