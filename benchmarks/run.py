"""Measures what is not measured yet and writes the report: `python -m benchmarks.run`, or `make bench`."""

import argparse
import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from benchmarks import options as choices
from benchmarks import readme, report
from benchmarks.jobs import jobs
from benchmarks.store import ROOT, Store

#: A row that takes so much longer than its time limit is ended. The largest takes most of it: it needs three rounds.
_PATIENCE = 60


def main():
    said = _arguments()
    if said.quick:
        options, folder, pictures = choices.quick(said.seconds), ROOT / "build" / "bench", ROOT / "build" / "bench"
    else:
        options, folder, pictures = choices.Options(seconds=said.seconds or 60), ROOT / "benchmarks", ROOT / "docs"
    results = Store(folder / "results.json")
    if not said.report:
        names = [name for name in jobs(said.quick) if _wanted(name, said.only)]
        if not names:
            sys.exit(f"No row's name matches {said.only!r}; there are:\n" + "\n".join(jobs(said.quick)))
        measure(names, options, results, said.again)
    report.write(results, folder / "RESULTS.md", pictures)
    if not said.quick:
        readme.write(results.rows, ROOT / "README.md")
    print(f"Wrote {(folder / 'RESULTS.md').relative_to(ROOT)}")


def measure(names, options, results, again):
    """Measure rows one after the other, each in a process of its own."""
    bar = tqdm(names, unit="row")
    for name in bar:
        bar.set_description(name)
        if results.has(name, options) and not again:
            tqdm.write(f"{name}: measured here before")
            continue
        start = time.perf_counter()
        row = _measured(name, options)
        results.put(name, row)
        tqdm.write(f"{name}: {row.get('failed', 'done')} ({time.perf_counter() - start:.0f} s)")


def _measured(name, options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "row.json"
        command = [sys.executable, "-m", "benchmarks.worker", name, json.dumps(options.state()), str(path)]
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        try:
            limit = _PATIENCE * options.seconds + 300
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=limit)
        except subprocess.TimeoutExpired:
            return {"options": options.state(), "failed": "took too long"}
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            tqdm.write(done.stderr[-3000:])
            return {"options": options.state(), "failed": last[:300]}
        return json.loads(path.read_text(encoding="utf-8"))


def _wanted(name, pattern):
    return pattern is None or fnmatch.fnmatch(name, pattern if "*" in pattern else f"*{pattern}*")


def _arguments():
    parser = argparse.ArgumentParser(prog="make bench", description="Compare fe_saliency with its peers.")
    parser.add_argument("--only", metavar="PATTERN", help='rows whose name holds this, as "maps torch" or "* tf *"')
    parser.add_argument("--quick", action="store_true", help="the smallest sizes, to try it out, in build/bench")
    parser.add_argument("--seconds", type=float, help="the time for each row (60; 3 if quick)")
    parser.add_argument("--again", action="store_true", help="also rows that were measured here with this code before")
    parser.add_argument("--report", action="store_true", help="only draw the report anew")
    return parser.parse_args()


if __name__ == "__main__":
    main()
