"""Handwritten digits (scikit-learn's, 8x8, real) with TensorFlow's LeNet, watched by the Saliency trace.

Run `fastestimator train apphub_examples/digits/digits_tf.py`, then `tensorboard --logdir` on the folder it names.
"""

import os
import tempfile

import cv2
import fastestimator as fe
import numpy as np
from fastestimator.architecture.tensorflow import LeNet
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace.io import ImageSaver, TensorBoard
from fastestimator.trace.metric import Accuracy
from sklearn.datasets import load_digits

from fe_saliency.trace import Saliency


def load_data(seed=0):
    """Train, eval and test datasets: images (28, 28, 1) in [0, 1] under "x", digits under "y"."""
    digits = load_digits()
    images = np.stack([cv2.resize(image, (28, 28), interpolation=cv2.INTER_LINEAR) for image in digits.images / 16])
    order = np.random.RandomState(seed).permutation(len(images))
    x, y = images[order, ..., None].astype(np.float32), digits.target[order]
    return [
        fe.dataset.NumpyDataset({"x": x[part], "y": y[part]})
        for part in (slice(0, 1200), slice(1200, 1500), slice(1500, None))
    ]


def get_estimator(
    epochs=5, batch_size=64, train_steps_per_epoch=None, eval_steps_per_epoch=None, save_dir=tempfile.mkdtemp()
):
    train_data, eval_data, test_data = load_data()
    pipeline = fe.Pipeline(
        train_data=train_data, eval_data=eval_data, test_data=test_data, batch_size=batch_size, num_process=0
    )
    model = fe.build(model_fn=LeNet, optimizer_fn="adam")
    network = fe.Network(
        ops=[
            ModelOp(model=model, inputs="x", outputs="y_pred"),
            CrossEntropy(inputs=("y_pred", "y"), outputs="ce", mode=("train", "eval")),
            UpdateOp(model=model, loss_name="ce"),
        ]
    )
    traces = [
        Accuracy(true_key="y", pred_key="y_pred"),
        Saliency(model=model, model_inputs="x", model_outputs="y_pred", class_key="y", outputs="saliency", samples=5),
        TensorBoard(log_dir=os.path.join(save_dir, "tensorboard"), write_images="saliency"),
        ImageSaver(inputs="saliency", save_dir=os.path.join(save_dir, "figures")),
    ]
    return fe.Estimator(
        pipeline=pipeline,
        network=network,
        epochs=epochs,
        traces=traces,
        train_steps_per_epoch=train_steps_per_epoch,
        eval_steps_per_epoch=eval_steps_per_epoch,
        log_steps=0,
    )


if __name__ == "__main__":
    get_estimator().fit()
