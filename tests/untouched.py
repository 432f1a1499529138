"""A training with all that could be disturbed in it, and everything that a call could leave changed."""

import random

import fastestimator as fe
import numpy as np
import tensorflow as tf
import torch
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.schedule import EpochScheduler
from fastestimator.trace.io import BestModelSaver
from tensorflow.python.eager import context
from training import CLASSES, dataset, seed_everything, weights

FILTERS = 2


class FrozenNorm(torch.nn.BatchNorm2d):
    """BatchNorm that stays in eval mode, whatever FastEstimator does to the model around it."""

    def train(self, mode=True):
        return super().train(False)


def in_tf(trap=None):
    keras = tf.keras.layers
    layers = [
        tf.keras.Input((8, 8, 1)),
        keras.Conv2D(FILTERS, 3),
        keras.BatchNormalization(),
        keras.ReLU(),
        keras.BatchNormalization(trainable=False),
        *([] if trap is None else [trap]),
        keras.Flatten(),
        keras.Dropout(0.5),
        keras.Dense(CLASSES, activation="softmax"),
    ]
    return tf.keras.Sequential(layers)


def in_torch(trap=None):
    nn = torch.nn
    frozen = FrozenNorm(FILTERS)
    for parameter in frozen.parameters():
        parameter.requires_grad = False
    layers = [
        nn.Conv2d(1, FILTERS, 3),
        nn.BatchNorm2d(FILTERS),
        nn.ReLU(),
        frozen,
        *([] if trap is None else [trap]),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(36 * FILTERS, CLASSES),
        nn.Softmax(dim=1),
    ]
    return nn.Sequential(*layers)


def disturbable(backend, trap=None, mixed=False):
    """Dropout, BatchNorm, a frozen BatchNorm, and Adam that becomes SGD in the second epoch.

    With `mixed` in mixed precision: for TensorFlow, of all models that the process makes from then on.
    """
    seed_everything()
    optimizers = {
        "tf": {1: lambda: tf.keras.optimizers.legacy.Adam(0.01), 2: lambda: tf.keras.optimizers.legacy.SGD(0.1)},
        "torch": {1: lambda x: torch.optim.Adam(x, lr=0.01), 2: lambda x: torch.optim.SGD(x, lr=0.1)},
    }[backend]
    make = {"tf": in_tf, "torch": in_torch}[backend]
    optimizer = EpochScheduler(optimizers)
    made = fe.build(lambda: make(trap), optimizer, model_name="disturbable", mixed_precision=mixed)
    rng = np.random.default_rng(0)
    if backend == "tf":
        # Frozen statistics that are far from what the data would make them
        made.set_weights([rng.uniform(0.1, 1, each.shape) for each in made.get_weights()])
    else:
        with torch.no_grad():
            for each in made.state_dict().values():
                if each.is_floating_point():
                    each.copy_(torch.from_numpy(rng.uniform(0.1, 1, tuple(each.shape))))
    return made


def train(backend, folder, watch=lambda model: [], seed=0):
    """Two epochs of three steps: the model, and all numbers (its weights, its optimizers', those of the best epoch)."""
    made = disturbable(backend)
    pipeline = fe.Pipeline(
        train_data=dataset(backend, 12), eval_data=dataset(backend, 4, seed=1), batch_size=4, num_process=0
    )
    network = fe.Network(
        ops=[
            ModelOp(model=made, inputs="x", outputs="y_pred"),
            CrossEntropy(inputs=("y_pred", "y"), outputs="ce"),
            UpdateOp(model=made, loss_name="ce"),
        ]
    )
    traces = [*watch(made), BestModelSaver(made, str(folder), weights_name="best")]
    run = fe.Estimator(pipeline=pipeline, network=network, epochs=2, traces=traces, log_steps=0)
    seed_everything(seed)
    run.fit(warmup=False)
    return made, [*weights(made), *optimizer_state(made), *best(backend, folder)]


def best(backend, folder):
    """The weights that BestModelSaver wrote."""
    again = disturbable(backend)
    fe.backend.load_model(again, str(folder / f"best.{'h5' if backend == 'tf' else 'pt'}"))
    return weights(again)


def layer(model, index):
    """All numbers of one layer: 0 the convolution, 1 BatchNorm, 3 the frozen one."""
    if isinstance(model, torch.nn.Module):
        return [tensor.detach().numpy().copy() for tensor in model[index].state_dict().values()]
    return model.layers[index].get_weights()


def optimizer_state(model):
    """All numbers of both scheduled optimizers."""
    numbers = []
    for optimizer in model.optimizer.get_all_values():
        if isinstance(model, torch.nn.Module):
            states = optimizer.state_dict()["state"].values()
            numbers += [np.array(value) for state in states for value in state.values() if value is not None]
        else:
            numbers += optimizer.get_weights()
    return numbers


def same(one, other):
    """Whether two lists of arrays are bit for bit equal."""
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def generators():
    """The state of every global generator of random numbers."""
    return {
        "python": random.getstate(),
        "numpy": str(np.random.get_state()),
        "torch": torch.get_rng_state().numpy().tobytes(),
        "tf": tf.random.get_global_generator().state.numpy().tobytes(),
        "tf eager": context.context()._rng.getstate() if context.context()._rng is not None else None,
        "keras": str(getattr(tf.keras.backend, "_SEED_GENERATOR", None)),
    }


def state(model):
    """Everything that a call might leave changed in a model and around it, comparable by `==`."""
    found = {
        "generators": generators(),
        "weights": [array.tobytes() for array in weights(model)],
        "optimizer": [array.tobytes() for array in optimizer_state(model)],
        "current optimizer": id(model.current_optimizer),
        "input spec": id(getattr(model, "fe_input_spec", None)),
        "attributes": sorted(vars(model)),
    }
    if isinstance(model, torch.nn.Module):
        found["training"] = [module.training for module in model.modules()]
        found["requires_grad"] = [parameter.requires_grad for parameter in model.parameters()]
        found["grad"] = [parameter.grad is None for parameter in model.parameters()]
        found["devices"] = [str(tensor.device) for tensor in model.state_dict().values()]
        found["grad mode"] = torch.is_grad_enabled()
    else:
        found["trainable"] = [layer.trainable for layer in model.layers]
        found["devices"] = [variable.device for variable in model.variables]
    return found
