"""Does the Variance of Gradients find the wrong labels? Area under the ROC curve over several seeds, beside the loss.

python apphub_examples/mislabelled/report.py --seeds 5 --backend torch
"""

import argparse
import importlib
import os
import sys
import tempfile

import fastestimator as fe
import numpy as np
from sklearn.metrics import roc_auc_score

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from mislabelled_common import LossPerExample, load_data  # noqa: E402

from fe_saliency.trace import VarianceOfGradients  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=("torch", "tf"), default="torch")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--flipped", type=float, default=0.05, help="the share of wrong labels")
    parser.add_argument("--save-dir", default=None, help="where rankings go (default: a new temporary folder)")
    args = parser.parse_args()

    save_dir = args.save_dir or tempfile.mkdtemp(prefix="mislabelled_")
    found = []
    for seed in range(args.seeds):
        suspicions, accuracy = run(args.backend, args.epochs, args.flipped, seed, os.path.join(save_dir, str(seed)))
        flips = load_data(args.flipped, seed)[2]
        found.append({name: roc_auc_score(flips, each) for name, each in suspicions.items()})
        found[-1]["test accuracy"] = accuracy
        print(f"Seed {seed}: " + ", ".join(f"{name} {value:.3f}" for name, value in found[-1].items()), flush=True)
    print(f"\n{args.backend}, {args.epochs} epochs, {args.flipped:.0%} of labels flipped; rankings in {save_dir}\n")
    print(table(found))


def run(backend, epochs, flipped, seed, save_dir):
    """Train once.

    Returns:
        ({name: how suspicious each training example is, (N,)}, the accuracy on the test data).
    """
    fe.enable_deterministic(seed)
    example = importlib.import_module(f"mislabelled_{backend}")
    estimator = example.get_estimator(epochs=epochs, save_dir=save_dir, flipped=flipped, seed=seed)
    summary = estimator.fit(f"mislabelled_{seed}")
    suspicions = {}
    for trace in estimator.traces:
        if isinstance(trace, VarianceOfGradients):
            ranking = trace.table("eval", "train")
            name = os.path.basename(trace.save_dir).replace("_", " ")
            suspicions[f"VoG of the {name}"] = ranking["z"][np.argsort(ranking["index"])]
        elif isinstance(trace, LossPerExample):
            suspicions["loss, mean over epochs"] = trace.losses().mean(axis=0)
            suspicions["loss, last epoch"] = trace.losses()[-1]
    return suspicions, last(summary, "accuracy|test")


def last(summary, key):
    """The last number logged under `key` in eval mode."""
    return list(summary.history["eval"][key].values())[-1]


def table(found):
    """A Markdown table: mean, standard deviation over seeds, and the range.

    Args:
        found: {name: number} of each seed.
    """
    lines = ["| ranked by | mean ± sd | lowest | highest |", "|---|---|---|---|"]
    for name in found[0]:
        values = np.array([float(each[name]) for each in found])
        spread = values.std(ddof=1) if len(values) > 1 else float("nan")
        lines.append(f"| {name} | {values.mean():.3f} ± {spread:.3f} | {values.min():.3f} | {values.max():.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
