"""The short table in the project's README, between its two marks."""

import re
from statistics import geometric_mean

from benchmarks.words import BACKENDS, METHODS, MODELS, PEERS, cases, number, table

BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"


def of_readme(rows):
    """One line for each model and number of images, and their mean; a cell has all methods."""
    lines = []
    for backend, name in BACKENDS.items():
        found = {}
        for model, images, method, _, result in cases(rows, backend):
            ratios = {**result["over_ours"], "bare loop": result["ours_over_bare"]}
            medians = {(peer, method): ratio["median"] for peer, ratio in ratios.items()}
            found.setdefault((model, images), {}).update(medians)
        for model, images in sorted(found, key=lambda case: (list(MODELS).index(case[0]), case[1])):
            lines.append([f"{name}, {MODELS[model]}", images, *_cells(found[model, images], backend)])
        if found:
            lines.append([f"{name}, geometric mean", "", *_cells(_mean(list(found.values())), backend)])
    header = ["network", "images", "ours / bare loop", "FastEstimator / ours"]
    return table([*header, "captum, xplique / ours", "PAIR, tf-explain / ours"], lines)


def write(rows, path):
    """Put the table between the marks of the page at `path`; without them nothing is written."""
    text = path.read_text(encoding="utf-8")
    marked = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    path.write_text(marked.sub(lambda _: f"{BEGIN}\n{of_readme(rows)}\n{END}", text), encoding="utf-8")


def _mean(measured):
    keys = {key for medians in measured for key in medians}
    return {key: geometric_mean(medians[key] for medians in measured if key in medians) for key in keys}


def _cells(medians, backend):
    for peer in PEERS[backend]:
        known = [number(medians[peer, method]) if (peer, method) in medians else "-" for method in METHODS]
        yield "" if set(known) == {"-"} else ";&nbsp;".join(known)
