"""The tables of the report, each from the results of its rows."""

from benchmarks.goals import BARE_LIMIT, EVERY_LIMIT, goals
from benchmarks.words import (
    BACKENDS,
    METHODS,
    MODELS,
    PEERS,
    cases,
    judged,
    method_cases,
    number,
    shape,
    spread,
    table,
    time,
)


def of_goals(rows, errors):
    """Whether each goal is reached."""
    marks = {True: "yes", False: "**no** ✗", None: "?"}
    lines = [(goal.work, goal.wanted, goal.found, marks[goal.reached]) for goal in goals(rows, errors)]
    return table(("what", "to reach", "found", "reached"), lines)


def of_maps(rows, backend):
    """Times and ratios of all maps."""
    peers = PEERS[backend][1:]
    header = ["model", "images", "map", "ours", "ours / bare loop", *(f"{peer} / ours" for peer in peers)]
    lines = []
    for model, images, method, row, found in cases(rows, backend):
        bare = found["ours_over_bare"]
        lines.append(
            [
                f"{MODELS[model]} {shape(row['shape'])}",
                images,
                f"{METHODS[method]} {row['nsamples']}",
                time(found["seconds"]["fe_saliency"]["median"]),
                judged(bare, bare["median"] <= BARE_LIMIT),
                *(_peer(found, peer, method) for peer in peers),
            ]
        )
    return table(header, lines)


def _peer(found, peer, method):
    if peer in found["failed"]:
        return "fails (see below)"
    if peer not in found["over_ours"]:
        return "has none"
    ratio = found["over_ours"][peer]
    return judged(ratio, ratio["median"] >= 1)


def of_settings(rows, backend):
    """At which setting each contestant was fastest, and what more ours can do costs."""
    peers = [peer for peer in PEERS[backend] if peer != "FastEstimator"]
    lines = []
    for model, images, method, _, found in cases(rows, backend):
        more = (found["over_ours"].get(extra) for extra in ("masks", "with report"))
        lines.append(
            [
                MODELS[model],
                images,
                METHODS[method],
                time(found["first"]["fe_saliency"]),
                *("" if ratio is None else spread(ratio) for ratio in more),
                *(found["settings"].get(peer, "") for peer in peers),
            ]
        )
    return table(["model", "images", "map", "first call", "masks / ours", "report / ours", *peers], lines)


def failures(rows, backend):
    """Why a contestant is missing."""
    reasons = {}
    for model, images, method, _, found in cases(rows, backend):
        for name, reason in found["failed"].items():
            reasons.setdefault((name, reason), []).append(f"{MODELS[model]}, {images} images, {METHODS[method]}")
    return "\n".join(f"- {name} fails on {'; '.join(where)}: `{why}`" for (name, why), where in reasons.items())


def of_methods(rows):
    """Gradients per second of every method over those of a bare loop; methods down, models across."""
    columns, lines = [], {}
    for backend, name in BACKENDS.items():
        for model, images, method, found in method_cases(rows, backend):
            column = f"{name}, {MODELS[model]}, {images}"
            if column not in columns:
                columns.append(column)
            if "failed" in found:
                cell = f"fails: `{found['failed']}`"
            else:
                gain = found["loop_over_ours"]
                cell = judged(gain, gain["median"] >= EVERY_LIMIT)
                lines.setdefault(method, {})["gradients"] = found["gradients"]
            lines.setdefault(method, {})[column] = cell
    heads = ["gradients", *columns]
    cells = [[f"`{method}`", *(line.get(head, "") for head in heads)] for method, line in lines.items()]
    return table(["method", *heads], cells) if lines else ""


def of_trace(rows):
    """The Trace per epoch, and its figure: drawn and written, or written only."""
    lines = []
    for backend, name in BACKENDS.items():
        found = rows.get(f"trace {backend} lenet 5", {}).get("result")
        if found:
            epoch, figure = found["epoch"], found["figure"]
            ratio, alone = found["theirs_over_ours"], found["figure_theirs_over_ours"]
            whole = (spread(epoch["ours"], time), time(epoch["first"]["median"]), spread(epoch["theirs"], time))
            drawn = (spread(figure["ours"], time), "", spread(figure["theirs"], time))
            lines.append([name, "an epoch", *whole, spread(ratio)])
            lines.append([name, "the figure", *drawn, spread(alone)])
            ready = (spread(figure["drawn"], time), "", spread(figure["theirs"], time))
            lines.append([name, "a figure drawn before", *ready, spread(found["figure_theirs_over_drawn"])])
    return table(["", "", "ours", "our first epoch", "FastEstimator's", "FastEstimator's / ours"], lines)


def of_budget(rows):
    """What the Trace takes of what its budget allows."""
    found = [(name, rows.get(f"trace {backend} lenet 5", {}).get("result")) for backend, name in BACKENDS.items()]
    return table(["", "spent / allowed"], [[name, spread(each["spent_over_budget"])] for name, each in found if each])


def of_memory(rows):
    """Peaks by the number of samples."""
    lines, counts = [], ["", "", ""]
    for backend, name in BACKENDS.items():
        found = rows.get(f"memory {backend} lenet 32", {}).get("result")
        if found:
            counts = [f"{int(count):,} samples" for count in found["peak"]]
            peaks = [f"{spread(peak)} MB" for peak in found["peak"].values()]
            lines.append([name, *peaks, f"{spread(found['growth'])} MB"])
    return table(["", *counts, "the last above the one before"], lines)


def of_imports(rows):
    """Seconds of each import."""
    found = rows.get("imports", {}).get("result", {})
    return table(["", "takes"], [[f"`{what}`", spread(took, time)] for what, took in found.items()])


def of_growth(rows, backend):
    """Points across, rows down."""
    cells = rows.get(f"growth {backend} lenet", {}).get("result", {}).get("cells", [])
    known = {(cell["points"], cell["rows"]): cell["seconds"] for cell in cells}
    points = sorted({count for count, _ in known})
    lines = []
    for images in sorted({images for _, images in known}):
        line = [f"**{images}**"]
        for count in points:
            took = known[count, images]
            each = 0 if took is None else 1e6 * took["median"] / (count * images)
            line.append("" if took is None else f"{time(took['median'])}<br>{number(each)} µs")
        lines.append(line)
    return table([f"{BACKENDS[backend]}: images", *(f"{count:,} points" for count in points)], lines)


def of_tried(rows):
    """Compilers and folded layers."""
    lines = []
    for name, row in rows.items():
        kind, *rest = name.split()
        if kind != "tried" or "result" not in row:
            continue
        for what, found in row["result"]["found"].items():
            line = [BACKENDS[rest[0]], f"{MODELS[rest[1]]}, {rest[2]} images", what]
            if "failed" in found:
                lines.append([*line, "fails", f"`{found['failed']}`", ""])
                continue
            ratio, seconds = found["over_plain"], found["seconds"]["median"]
            gain = seconds / ratio["median"] - seconds
            after = f"{max(1, found['ready'] / gain):,.0f} calls" if gain > 0 else "never"
            lines.append([*line, time(max(0.0, found["ready"])), spread(ratio), after])
    return table(["", "model", "change", "ready after", "time / plain loop", "pays off after"], lines)
