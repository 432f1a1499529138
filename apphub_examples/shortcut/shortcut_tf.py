"""Digits with a decoy, and a TensorFlow model that takes it, watched: does the model look at the corner?

Run `fastestimator train apphub_examples/shortcut/shortcut_tf.py`, or with `--decoyed False` for honest data.
"""

import os
import tempfile

import fastestimator as fe
import tensorflow as tf
from decoy import CLASSES, PATCH, load_data
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace.io import ImageSaver, TensorBoard
from fastestimator.trace.metric import Accuracy

from fe_saliency.trace import Saliency
from fe_saliency.watch import Corner


def perceptron():
    """One hidden layer, as simple as can be: it takes whatever is easiest to learn."""
    dense = tf.keras.layers.Dense
    return tf.keras.Sequential(
        [
            tf.keras.Input((28, 28, 1)),
            tf.keras.layers.Flatten(),
            dense(64, activation="relu"),
            dense(CLASSES, activation="softmax"),
        ]
    )


def get_estimator(
    epochs=8,
    batch_size=32,
    train_steps_per_epoch=None,
    eval_steps_per_epoch=None,
    save_dir=tempfile.mkdtemp(),
    decoyed=True,
    seed=0,
):
    train_data, eval_data, test_data = (
        fe.dataset.NumpyDataset(data) for data in load_data(decoyed, channel_axis=-1, seed=seed)
    )
    pipeline = fe.Pipeline(
        train_data=train_data, eval_data=eval_data, test_data=test_data, batch_size=batch_size, num_process=0
    )
    model = fe.build(model_fn=perceptron, optimizer_fn="adam")
    network = fe.Network(
        ops=[
            ModelOp(model=model, inputs="x", outputs="y_pred"),
            CrossEntropy(inputs=("y_pred", "y"), outputs="ce", mode=("train", "eval")),
            UpdateOp(model=model, loss_name="ce"),
        ]
    )
    traces = [
        Accuracy(true_key="y", pred_key="y_pred"),
        Saliency(
            model,
            "x",
            "y_pred",
            class_key="y",
            samples=64,
            mode="eval",
            integrating=0,
            drawn=6,
            watch=Corner("top left", PATCH),
            save_dir=os.path.join(save_dir, "maps"),
        ),
        TensorBoard(log_dir=os.path.join(save_dir, "tensorboard"), write_images="saliency"),
        ImageSaver(inputs="saliency", save_dir=os.path.join(save_dir, "figures"), mode="eval"),
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
