"""Trains on decoyed and on honest digits, several times each, and tells in a table when the watch warns."""

import argparse
import importlib
import os
import sys
import tempfile
from time import perf_counter

import fastestimator as fe
import numpy as np

from fe_saliency.watch import NUMBERS

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=("torch", "tf"), default="torch")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--save-dir", default=None, help="where logs and figures go (default: a new temporary folder)")
    args = parser.parse_args()

    example = importlib.import_module(f"shortcut_{args.backend}")
    save_dir = os.path.abspath(args.save_dir or tempfile.mkdtemp(prefix="fe_saliency_"))
    fe.record_history(False)
    begun = perf_counter()
    runs = [
        (data, seed, *run(example, args.epochs, data == "decoyed", seed, os.path.join(save_dir, f"{data}_{seed}")))
        for data in ("decoyed", "honest")
        for seed in range(args.seeds)
    ]
    print("\n" + table(runs, args.backend) + "\n\n" + margins(runs))
    print(f"\n{(perf_counter() - begun) / len(runs):.0f} s for each training; logs and figures: {save_dir}")


def run(example, epochs, decoyed, seed, save_dir):
    """One training: what was found of the corner in each epoch, eval accuracy, test accuracy."""
    fe.enable_deterministic(seed)
    estimator = example.get_estimator(epochs=epochs, save_dir=save_dir, decoyed=decoyed, seed=seed)
    summary = estimator.fit("shortcut", warmup=False)
    curves = {name: summary.history["eval"][f"saliency_top_left_corner_{name}"] for name in NUMBERS}
    found = {
        epoch: {name: curve[step] for name, curve in curves.items()}
        for epoch, step in enumerate(sorted(curves["warns"]), 1)
    }
    return found, accuracy(summary, "eval"), accuracy(estimator.test("shortcut"), "test")


def accuracy(summary, mode):
    return float(np.ravel(list(summary.history[mode]["accuracy"].values())[-1])[0])


def table(runs, backend):
    """Markdown: one line for each training."""
    lines = [
        f"| {backend}: data, seed | first warning | mass ratio | score drop | flipped "
        "| eval accuracy | test accuracy |",
        "|---|---|---|---|---|---|---|",
    ]
    for data, seed, found, evaluated, tested in runs:
        first = next((f"epoch {epoch}" for epoch, finding in found.items() if finding["warns"]), "never")
        last = found[max(found)]
        lines.append(
            f"| {data}, {seed} | {first} | {last['mass_ratio']:.2f} | {last['score_drop']:.3f} "
            f"| {last['flipped']:.0%} | {evaluated:.3f} | {tested:.3f} |"
        )
    return "\n".join(lines)


def margins(runs):
    """How far all trainings stay from the thresholds: the worst of all seeds."""
    decoyed = [found[max(found)] for data, _, found, *_ in runs if data == "decoyed"]
    honest = [finding for data, _, found, *_ in runs if data == "honest" for finding in found.values()]
    return "\n".join(
        f"{name}: at least {min(each[name] for each in decoyed):.3f} in the last epoch of decoyed trainings, "
        f"at most {max(each[name] for each in honest):.3f} in any epoch of honest ones"
        for name in ("mass_ratio", "score_drop")
    )


if __name__ == "__main__":
    main()
