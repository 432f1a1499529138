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
            found.setdefault((model, images), {})[method] = _medians(result, PEERS[backend])
        for model, images in sorted(found, key=lambda case: (list(MODELS).index(case[0]), case[1])):
            lines.append([f"{name}, {MODELS[model]}", images, *_cells(found[model, images], PEERS[backend])])
        if found:
            lines.append([f"{name}, geometric mean", "", *_cells(_mean(found.values()), PEERS[backend])])
    header = ["network", "images", "ours / bare loop", "FastEstimator / ours"]
    return table([*header, "captum, xplique / ours", "PAIR, tf-explain / ours"], lines)


def write(rows, path):
    """Put the table between the marks of the page at `path`; without them nothing is written."""
    text = path.read_text(encoding="utf-8")
    marked = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    path.write_text(marked.sub(lambda _: f"{BEGIN}\n{of_readme(rows)}\n{END}", text), encoding="utf-8")


def _medians(result, contestants):
    bare, *peers = contestants
    ratios = {bare: result["ours_over_bare"], **{peer: result["over_ours"].get(peer) for peer in peers}}
    return {contestant: ratio["median"] for contestant, ratio in ratios.items() if ratio}


def _mean(measured):
    columns = {}
    for methods in measured:
        for method, medians in methods.items():
            for contestant, median in medians.items():
                columns.setdefault(method, {}).setdefault(contestant, []).append(median)
    return {method: {who: geometric_mean(each) for who, each in column.items()} for method, column in columns.items()}


def _cells(methods, contestants):
    for contestant in contestants:
        medians = [methods.get(method, {}).get(contestant) for method in METHODS]
        known = ["-" if median is None else number(median) for median in medians]
        yield "" if set(known) == {"-"} else ";&nbsp;".join(known)
