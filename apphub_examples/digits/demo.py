"""The package's main job in one go: train with the Saliency trace, then explain test images with SaliencyNet."""

import argparse
import importlib
import os
import shlex
import sys
import tempfile

import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=("torch", "tf"), default="torch")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--save-dir", default=None, help="where logs and figures go (default: a new temporary folder)")
    parser.add_argument("--smallest", action="store_true", help="one short epoch, to see that everything runs")
    args = parser.parse_args()

    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    example = importlib.import_module(f"digits_{args.backend}")
    save_dir = os.path.abspath(args.save_dir or tempfile.mkdtemp(prefix="fe_saliency_"))
    short = {"epochs": 1, "train_steps_per_epoch": 5, "eval_steps_per_epoch": 1} if args.smallest else {}
    estimator = example.get_estimator(**{"epochs": args.epochs, "save_dir": save_dir, **short})
    estimator.fit("digits")
    summary = estimator.test()
    accuracy = list(summary.history["test"]["accuracy"].values())[-1]

    picture = os.path.join(save_dir, "explained.png")
    explain(estimator, picture)

    print(f"\nTest accuracy: {float(np.ravel(accuracy)[0]):.3f}")
    print(f"TensorBoard log:  {shlex.quote(os.path.join(save_dir, 'tensorboard'))}")
    tensorboard = os.path.join(os.path.dirname(sys.executable), "tensorboard")
    print(f"  open it with    {shlex.quote(tensorboard)} --logdir {shlex.quote(os.path.join(save_dir, 'tensorboard'))}")
    print("  and look at     Images, with 'Show actual image size' ticked")
    print(f"Explained images: {shlex.quote(picture)}")
    print(f"  open it with    {'open' if sys.platform == 'darwin' else 'xdg-open'} {shlex.quote(picture)}")


def explain(estimator, picture):
    """Explain six test images with the trained model and save the figure."""
    from fe_saliency import SaliencyNet
    from fe_saliency.backend import to_numpy
    from fe_saliency.display import (
        ImageColumn,
        MaskColumn,
        SaliencyDisplay,
        Section,
        TextColumn,
        blend,
        channels_last,
        to_unit,
    )

    batch = estimator.pipeline.get_results(mode="test", shuffle=False)
    batch = {key: to_numpy(value)[:6] for key, value in batch.items()}
    net = SaliencyNet(estimator.network.models[0], model_inputs="x", model_outputs="y_pred")
    vanilla, smoothed = net.get_masks(batch), net.get_smoothed_masks(batch)
    raw = net.attribute(batch, "integrated_gradients", baseline="zero", nsamples=32)
    print(
        "\nIntegrated Gradients from black: completeness gap of each image "
        f"{np.array2string(raw.completeness_gap, precision=4)} of a score of "
        f"{np.array2string(to_numpy(raw.scores['y_pred']), precision=4)}"
    )

    axis = net.channel_axis
    images = to_unit(batch["x"], axis)
    heat = channels_last(to_numpy(smoothed["saliency"]), axis)
    predicted = to_numpy(vanilla["y_pred"])
    SaliencyDisplay(
        Section(
            [
                TextColumn("True digit", batch["y"]),
                TextColumn("Predicted digit", predicted, list(predicted == batch["y"])),
                ImageColumn("Input", images),
                ImageColumn("Overlay", blend(images, heat)),
                MaskColumn("Vanilla gradient", channels_last(to_numpy(vanilla["saliency"]), axis)),
                MaskColumn("Smoothed (squared)", heat),
            ]
        )
    ).show(save_path=picture, verbose=False)


if __name__ == "__main__":
    main()
