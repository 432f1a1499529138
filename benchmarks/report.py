"""The report: RESULTS.md and its plots, from the results alone."""

import json
import os

from benchmarks import notes, plots, tables
from benchmarks.curves import table
from benchmarks.store import ROOT
from benchmarks.words import BACKENDS

_INTRO = """\
# Benchmark

`make bench` measured this and wrote this page. Ratios are what counts: they are taken between calls that took turns in
one process; a mean of ratios is the geometric one. **Bold with a ✗** is what falls short of its goal."""

_QUICK = "**A quick run: it shows that everything works, and no more. Its sizes are not those of the goals.**"


def write(results, path, pictures):
    """Write the page to `path` and the plots into the folder `pictures`."""
    rows, errors = results.rows, json.loads((ROOT / "benchmarks" / "error_curves.json").read_text())
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures.mkdir(parents=True, exist_ok=True)
    drawn = {name: os.path.relpath(file, path.parent) for name, file in plots.draw(rows, pictures).items()}
    quick = any(row["options"]["quick"] for row in rows.values())
    parts = [_INTRO, _QUICK if quick else "", _setting(results), "## Goals", tables.of_goals(rows, errors)]
    for backend, name in BACKENDS.items():
        parts += [f"## Maps: {name}", _picture(drawn, backend, f"Time of each peer over ours, {name}")]
        parts += [tables.of_maps(rows, backend), tables.failures(rows, backend)]
    parts += ["### What is not equal", notes.MAPS]
    for backend, name in BACKENDS.items():
        parts += [f"### Settings: {name}", tables.of_settings(rows, backend)]
    parts += ["## Every method", notes.EVERY, tables.of_methods(rows)]
    parts += ["## The Trace", notes.TRACE, tables.of_trace(rows), notes.BUDGET, tables.of_budget(rows)]
    parts += ["## Memory", notes.MEMORY, tables.of_memory(rows)]
    parts += ["## Import", notes.IMPORT, tables.of_imports(rows)]
    parts += ["## Growth", notes.GROWTH, _picture(drawn, "growth", "Time by points and images")]
    parts += [tables.of_growth(rows, backend) for backend in BACKENDS]
    parts += ["## Accuracy", notes.ACCURACY, table.written(errors)]
    parts += ["## Also tried", notes.TRIED, tables.of_tried(rows), _unmeasured(rows)]
    path.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")


def _setting(results):
    rows = {name: row for name, row in results.rows.items() if "machine" in row}
    if not rows:
        return "Nothing is measured yet."
    runs = {}  # copy of the project -> the rows that were measured in it
    for name, row in rows.items():
        runs.setdefault(row.get("copy"), []).append(name)
    lines = [_run([rows[name] for name in names], names if len(runs) > 1 else None) for names in runs.values()]
    versions = list(rows.values())[-1]["machine"]["versions"]
    lines.append("- " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    for backend, name in BACKENDS.items():
        threads = {row["machine"].get("threads") for key, row in rows.items() if backend in key}
        lines += [f"- {name}: threads: {'; '.join(sorted(filter(None, threads)))}"] if threads - {None} else []
    lines.append(f"- Time given to a row (`--seconds`), in which rounds are repeated: {_times(rows)}")
    old = [name for name in rows if "result" in rows[name] and results.stale(name)]
    if old:
        lines.append(f"- Measured with an earlier state of the code: {', '.join(old)}")
    return "\n".join(lines)


def _times(rows):
    """How long each row was given; the usual time without the names of its rows."""
    given = {}
    for name, row in rows.items():
        given.setdefault(row["options"]["seconds"], []).append(name)
    usual = max(given, key=lambda seconds: len(given[seconds]))
    rest = [f"{seconds:g} s: {', '.join(given[seconds])}" for seconds in sorted(given) if seconds != usual]
    return "; ".join([f"{usual:g} s", *rest])


def _run(rows, names):
    """When and on what rows were measured; which ones, if `names` are given."""
    machine, dates = rows[-1]["machine"], sorted({row["date"] for row in rows if "date" in row})
    when = " to ".join(dict.fromkeys([dates[0], dates[-1]])) if dates else "at an unknown time"
    on = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    which = "All rows" if names is None else f"On one of the machines ({len(names)} rows: {', '.join(names)})"
    return f"- {which}, {when}: {on}"


def _picture(drawn, name, words):
    return f"![{words}]({drawn[name]})" if name in drawn else ""


def _unmeasured(rows):
    lines = [f"- {name}: `{row['failed']}`" for name, row in rows.items() if "failed" in row]
    return "\n".join(["## Rows that could not be measured", "", *lines]) if lines else ""
