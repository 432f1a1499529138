"""How the time grows with points and rows."""

import time

from benchmarks.maps import load
from benchmarks.timing import clock, spread
from fe_saliency import SaliencyNet

POINTS = (1, 10, 100, 1000)
ROWS = (1, 4, 16, 64, 256)


def run(options, backend, model):
    """Seconds of SmoothGrad for each number of points and rows, from small to large; None for what the time forbids."""
    points, sizes = ((1, 10), (1, 4)) if options.quick else (POINTS, ROWS)
    model, x = load(backend, model, max(sizes))
    net = SaliencyNet(model, "x", "y")
    cells = sorted(((count, rows) for count in points for rows in sizes), key=lambda cell: cell[0] * cell[1])
    found, cost, start = [], 0.0, time.perf_counter()
    for count, rows in cells:
        batch = {"x": x[:rows]}
        left = 6 * options.seconds - (time.perf_counter() - start)
        expected = cost * count * rows
        took = None if expected > left else _times(net, batch, count, expected, options.rounds)
        found.append({"points": count, "rows": rows, "seconds": took})
        if took:
            cost = took["median"] / (count * rows)
    return {"cells": found}


def _times(net, batch, count, expected, rounds):
    def call():
        net.attribute(batch, "smoothgrad", nsamples=count)

    if expected < 5:
        call()
    return spread([clock(call) for _ in range(rounds if expected < 5 else 1)])
