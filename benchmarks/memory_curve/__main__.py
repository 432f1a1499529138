"""The memory of a training over its epochs, with every instrument of the Saliency Trace and without it.

`python -m benchmarks.memory_curve` from the repository measures it (both backends, a few minutes on 2 cores; Linux),
writes `benchmarks/memory_curve.json` and draws `docs/memory_curve.png`; `--redraw` only draws what was measured.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from tqdm import tqdm

from benchmarks.memory_curve import plot
from benchmarks.words import BACKENDS

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "memory_curve.json"
PICTURE = ROOT / "docs" / "memory_curve.png"


def main():
    said = _arguments()
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for backend in () if said.redraw else said.backend:
        found[backend] = {kind: measure(backend, kind, said.epochs) for kind in ("without", "with")}
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    plot.draw(found, PICTURE)
    print(f"Wrote {PICTURE.relative_to(ROOT)}")


def measure(backend, kind, epochs):
    """Megabytes after each epoch of a training in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory_curve.train", backend, kind, str(epochs)]
    found = []
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as process,
        tqdm(total=epochs, desc=f"{BACKENDS[backend]} {kind} the Trace", unit="epoch") as bar,
    ):
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("MB "):
                found.append(float(line.split()[1]))
                bar.update()
    if process.returncode or len(found) != epochs:
        raise RuntimeError("".join(lines[-20:]))
    return found


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--redraw", action="store_true", help="only draw what was measured before")
    return parser.parse_args()


if __name__ == "__main__":
    main()
