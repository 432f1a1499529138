"""What the README says of the benchmark: that is what was measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import readme, report
from benchmarks.curves.words import INTEGRATED
from benchmarks.goals import goals
from benchmarks.store import Store

ROOT = Path(readme.__file__).parent.parent
ROWS = json.loads((ROOT / "benchmarks/results.json").read_text(encoding="utf-8"))
MACHINE = {"processor": "one", "cores": 2, "system": "Linux", "python": "3.11.7", "versions": {}, "threads": None}


def _ratio(median):
    return {"median": median, "min": median / 2, "max": 2 * median, "n": 3}


def _row(bare, captum):
    ratios = {"over_ours": {"captum": _ratio(captum)}, "ours_over_bare": _ratio(bare)}
    return {"result": {"methods": {"smoothgrad": ratios}}}


def test_readme_has_the_table_of_the_results():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{readme.BEGIN}\n{readme.of_readme(ROWS)}\n{readme.END}" in text, "`make bench BENCH_ARGS=--report`"


@pytest.mark.parametrize("names", [("maps torch lenet 32", "maps torch lenet 4"), ("maps torch lenet 4",)])
def test_lines_by_images_and_their_geometric_mean(names):
    rows = {"maps torch lenet 4": _row(0.5, 4), "maps torch lenet 32": _row(2, 9)}
    _, _, *lines = readme.of_maps({name: rows[name] for name in names}).replace("&nbsp;", "").splitlines()
    found = [line.strip("| ").split(" | ") for line in lines]
    first = ["PyTorch, LeNet", "4", "0.50;-;-", "", "4.00;-;-"]
    both = [first, ["PyTorch, LeNet", "32", "2.00;-;-", "", "9.00;-;-"]]
    mean = ["PyTorch, geometric mean", "", "1.00;-;-", "", "6.00;-;-"]
    assert found == ([*both, mean] if len(names) == 2 else [first, [mean[0], "", *first[2:]]])


def test_who_takes_less_time_is_counted():
    rows = {"maps torch lenet 4": _row(0.5, 4), "maps torch resnet9 1": _row(1.2, 0.9), "maps tf lenet 32": _row(1, 1)}
    rows["maps torch lenet 32"] = _row(1, 1)  # as fast as ours
    rows["maps tf lenet 32"]["result"]["methods"]["smoothgrad"]["over_ours"] = {"xplique": _ratio(0.75)}
    assert readme.of_misses(rows) == (
        "Cases in which others take less time than ours: captum in 1 of 3, xplique in 1 of 1, by 25 % at the most. "
        "Furthest behind the bare loop: 1.20 (0.60 to 2.40) times its time (PyTorch, ResNet9, 1 image, SmoothGrad)."
    )


def test_slow_methods_are_named():
    def row(**methods):
        return {"result": {"methods": {name: {"loop_over_ours": _ratio(median)} for name, median in methods.items()}}}

    rows = {"methods torch lenet 32": row(xrai=0.02, gradient=0.9, noisegrad=0.5), "methods tf lenet 32": row(xrai=0.5)}
    rows["methods tf lenet 32"]["result"]["methods"]["noisegrad"] = {"failed": "no room"}
    told = "where a method makes less than 0.9 of them: `xrai` 0.02 to 0.50, `noisegrad` 0.50 to 0.50."
    assert readme.of_methods(rows).endswith(told)
    assert readme.of_methods({"methods torch lenet 32": row(gradient=0.9)}) == readme.of_methods({}) == ""


def test_report_tells_the_time_given_to_each_row(tmp_path):
    given = {"maps tf lenet 4": 300, "maps torch lenet 4": 60, "trace torch lenet 5": 60, "maps tf lenet 32": 120}
    results = Store(tmp_path / "results.json")
    for name, seconds in given.items():
        results.put(name, {"options": {"seconds": seconds, "quick": False}, "failed": "no room", "machine": MACHINE})
    report.write(results, tmp_path / "RESULTS.md", tmp_path)
    text = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "in which rounds are repeated: 60 s; 120 s: maps tf lenet 32; 300 s: maps tf lenet 4\n" in text


@pytest.mark.parametrize(
    ("tenth", "reached", "told"),
    [(1.5, True, "10 or fewer"), (2, True, "10 or fewer"), (4, False, "20"), (9, False, "more than 40")],
)
def test_goal_of_accuracy(tenth, reached, told):
    curves = {"FastEstimator": {"100": [2.0, 2.0, 9]}, INTEGRATED: {"10": [tenth] * 3, "40": [tenth / 4] * 3}}
    *_, goal = goals({}, {"lenet": {"logit": {"random": curves}}})
    assert goal.work.startswith("LeNet, digits, logit: ")
    assert (goal.reached, goal.found.split(";")[0]) == (reached, told)


def test_the_report_loads_no_framework_beside_the_measurements():
    told = "import sys, benchmarks.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "benchmarks.report" in done.stdout.split()
    assert not {"torch", "tensorflow", "fastestimator", "fe_saliency"} & {*done.stdout.split()}
