"""What PAIR's `saliency` asks of a model: the torch model of `models`, one class, channels-last rows."""

import numpy as np
import torch
from models import model, to_backend, to_host
from saliency.core import INPUT_OUTPUT_GRADIENTS


def gradients(kind, target):
    """PAIR's `call_model_function`."""

    def call(x_value_batch, call_model_args=None, expected_keys=None):
        x = to_backend(np.asarray(x_value_batch, np.float64), "torch").requires_grad_()
        score = model(kind, "torch")(x)[:, target].sum()
        return {INPUT_OUTPUT_GRADIENTS: to_host(torch.autograd.grad(score, x)[0])}

    return call
