"""The short table in the project's README, between its two marks."""

import re

from benchmarks.words import BACKENDS, MODELS, PEERS, cases, number, table

BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"
_METHODS = ("smoothgrad", "integrated_gradients")


def of_readme(rows):
    """One line for each model and number of images; each cell has SmoothGrad and Integrated Gradients from zero."""
    found = {}
    for backend in BACKENDS:
        for model, images, method, _, result in cases(rows, backend):
            found.setdefault((backend, model, images), {})[method] = result
    lines = []
    for (backend, model, images), methods in sorted(found.items(), key=_order):
        results = [methods.get(method) for method in _METHODS]
        cells = [_cell([result and result["ours_over_bare"] for result in results])]
        for peer in PEERS[backend][1:]:
            cells.append(_cell([result and result["over_ours"].get(peer) for result in results]))
        lines.append([f"{BACKENDS[backend]}, {MODELS[model]}", images, *cells])
    header = ["SmoothGrad 25; IG 25", "images", "ours / bare loop", "FastEstimator / ours"]
    return table([*header, "captum, xplique / ours", "PAIR, tf-explain / ours"], lines)


def write(rows, path):
    """Put the table between the marks of the page at `path`; without them nothing is written."""
    text = path.read_text(encoding="utf-8")
    marked = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    path.write_text(marked.sub(lambda _: f"{BEGIN}\n{of_readme(rows)}\n{END}", text), encoding="utf-8")


def _order(item):
    (backend, model, images), _ = item
    return list(BACKENDS).index(backend), list(MODELS).index(model), images


def _cell(ratios):
    known = ["-" if ratio is None else number(ratio["median"]) for ratio in ratios]
    return "" if set(known) == {"-"} else "; ".join(known)
