"""What the project's README says of the results, between its two marks: the short table, and sentences about it."""

import re
from itertools import chain
from statistics import geometric_mean

from benchmarks.goals import EVERY_LIMIT
from benchmarks.words import (
    BACKENDS,
    METHODS,
    MODELS,
    PEERS,
    cases,
    method_cases,
    number,
    number_range,
    over_ours,
    spread,
    table,
)

BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"


def of_readme(rows):
    """All that stands between the marks."""
    return "\n\n".join(part for part in (of_maps(rows), of_misses(rows), of_methods(rows)) if part)


def of_maps(rows):
    """A table: one line for each model and number of images, and their mean; a cell has all methods."""
    lines = []
    for backend, name in BACKENDS.items():
        found = {}
        for model, images, method, _, result in cases(rows, backend):
            ratios = {**result["over_ours"], "bare loop": result["ours_over_bare"]}
            medians = {(peer, method): ratio["median"] for peer, ratio in ratios.items()}
            found.setdefault((model, images), {}).update(medians)
        for model, images in found:
            lines.append([f"{name}, {MODELS[model]}", images, *_cells(found[model, images], backend)])
        if found:
            lines.append([f"{name}, geometric mean", "", *_cells(_mean(list(found.values())), backend)])
    header = ["network", "images", "ours / bare loop", "FastEstimator / ours"]
    return table([*header, "captum, xplique / ours", "PAIR, tf-explain / ours"], lines)


def of_misses(rows):
    """Where others are faster than ours, in words."""
    loops = [
        (ratio, f"{name}, {where}")
        for backend, name in BACKENDS.items()
        for ratio, where in over_ours(rows, backend, "bare loop")
    ]
    if not loops:
        return ""
    furthest, where = max(loops, key=lambda each: each[0]["median"])
    found = {}  # peer -> its time over ours in all cases
    for backend, (_, *peers) in PEERS.items():
        for peer in peers:
            found.setdefault(peer, []).extend(ratio["median"] for ratio, _ in over_ours(rows, backend, peer))
    told = [f"{peer} in {sum(each < 1 for each in known)} of {len(known)}" for peer, known in found.items() if known]
    least = min(1.0, *chain.from_iterable(found.values()))
    return (
        f"Cases in which others take less time than ours: {', '.join(told)}, by {100 * (1 - least):.0f} % at the most. "
        f"Furthest behind the bare loop: {spread(furthest)} times its time ({where})."
    )


def of_methods(rows):
    """The methods that make clearly fewer gradients a second than the loop, in words."""
    found = {}
    for backend in BACKENDS:
        for _, _, method, result in method_cases(rows, backend):
            if "failed" not in result:
                found.setdefault(method, []).append(result["loop_over_ours"]["median"])
    slow = {
        method: number_range({"min": min(medians), "max": max(medians)})
        for method, medians in sorted(found.items(), key=lambda each: min(each[1]))
        if min(medians) < EVERY_LIMIT
    }
    if not slow:
        return ""
    told = ", ".join(f"`{method}` {share}" for method, share in slow.items())
    return f"Gradients a second over those of the loop, where a method makes less than {EVERY_LIMIT} of them: {told}."


def write(rows, path):
    """Put it between the marks of the page at `path`; without them nothing is written."""
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
