"""Which training labels are wrong? Digits, 5 % of them mislabelled, learnt by TensorFlow's LeNet and ranked by VoG.

Run `fastestimator train apphub_examples/mislabelled/mislabelled_tf.py`; README.md tells the story.
"""

import os
import tempfile

import fastestimator as fe
from fastestimator.architecture.tensorflow import LeNet
from fastestimator.op.tensorop.loss import CrossEntropy
from fastestimator.op.tensorop.model import ModelOp, UpdateOp
from fastestimator.trace.metric import Accuracy
from mislabelled_common import LossPerExample, load_data

from fe_saliency.trace import VarianceOfGradients

#: "logit" is VoG as it was published; the gradient of "log_probability" is that of the loss.
SCORES = ("logit", "log_probability")


def get_estimator(
    epochs=40,
    batch_size=64,
    train_steps_per_epoch=None,
    eval_steps_per_epoch=None,
    save_dir=tempfile.mkdtemp(),
    flipped=0.05,
    seed=0,
):
    train, test, _ = load_data(flipped, seed)
    train_data, test_data = fe.dataset.NumpyDataset(train), fe.dataset.NumpyDataset(test)
    pipeline = fe.Pipeline(
        train_data=train_data,
        # The training data once more, in eval mode: in order and as they are, which VoG needs.
        eval_data={"train": train_data, "test": test_data},
        batch_size=batch_size,
        num_process=0,
    )
    model = fe.build(model_fn=lambda: LeNet(input_shape=(24, 24, 1)), optimizer_fn="adam")
    network = fe.Network(
        ops=[
            ModelOp(model=model, inputs="x", outputs="y_pred"),
            CrossEntropy(inputs=("y_pred", "y"), outputs="ce"),
            CrossEntropy(inputs=("y_pred", "y"), outputs="losses", average_loss=False, mode="eval", ds_id="train"),
            UpdateOp(model=model, loss_name="ce"),
        ]
    )
    traces = [
        Accuracy(true_key="y", pred_key="y_pred"),
        *(
            VarianceOfGradients(
                model=model,
                model_inputs="x",
                model_outputs="y_pred",
                class_key="y",
                ds_id="train",
                save_dir=os.path.join(save_dir, score),
                score=score,
            )
            for score in SCORES
        ),
        LossPerExample("losses", ds_id="train"),
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
