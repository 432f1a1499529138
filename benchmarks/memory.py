"""Peak memory of SmoothGrad by the number of samples, each in a process of its own."""

import json
import subprocess
import sys

from benchmarks.timing import spread

SAMPLES = (1, 25, 1000)
_MODULE = "benchmarks.memory"


def run(options, backend, model, rows):
    """{samples: MB above the memory in use before the call, at its peak}, and how far 1,000 samples lie above 25."""
    counts = (1, 4, 16) if options.quick else SAMPLES
    found = {count: [_once(backend, model, rows, count) for _ in range(options.rounds)] for count in counts}
    least, some, most = ([found[count][number] for number in range(options.rounds)] for count in counts)
    return {
        "peak": {str(count): spread(values) for count, values in found.items()},
        "above_one": {
            str(counts[1]): spread([b - a for a, b in zip(least, some, strict=True)]),
            str(counts[2]): spread([b - a for a, b in zip(least, most, strict=True)]),
        },
        "growth": spread([b - a for a, b in zip(some, most, strict=True)]),
    }


def _once(backend, model, rows, count):
    command = [sys.executable, "-m", _MODULE, backend, model, str(rows), str(count)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


def _megabytes(field):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(field))


def _measure(backend, model, rows, count):
    from benchmarks.maps import load
    from fe_saliency import SaliencyNet

    model, x = load(backend, model, rows)
    net = SaliencyNet(model, "x", "y")
    net.attribute({"x": x}, "gradient")  # loads what any call needs
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the peak begins anew (Linux)
    before = _megabytes("VmRSS")
    net.attribute({"x": x}, "smoothgrad", nsamples=count)
    return _megabytes("VmHWM") - before


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
