"""The benchmark's table in the README: what it says is what was measured."""

import json
from pathlib import Path

import pytest

from benchmarks import readme

ROOT = Path(readme.__file__).parent.parent
ROWS = json.loads((ROOT / "benchmarks/results.json").read_text(encoding="utf-8"))


def _row(bare, captum):
    ratios = {"over_ours": {"captum": {"median": captum}}, "ours_over_bare": {"median": bare}}
    return {"result": {"methods": {"smoothgrad": ratios}}}


def test_readme_has_the_table_of_the_results():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{readme.BEGIN}\n{readme.of_readme(ROWS)}\n{readme.END}" in text, "`make bench BENCH_ARGS=--report`"


@pytest.mark.parametrize("names", [("maps torch lenet 32", "maps torch lenet 4"), ("maps torch lenet 4",)])
def test_lines_by_images_and_their_geometric_mean(names):
    rows = {"maps torch lenet 4": _row(0.5, 4), "maps torch lenet 32": _row(2, 9)}
    _, _, *lines = readme.of_readme({name: rows[name] for name in names}).replace("&nbsp;", "").splitlines()
    found = [line.strip("| ").split(" | ") for line in lines]
    first = ["PyTorch, LeNet", "4", "0.50;-;-", "", "4.00;-;-"]
    both = [first, ["PyTorch, LeNet", "32", "2.00;-;-", "", "9.00;-;-"]]
    mean = ["PyTorch, geometric mean", "", "1.00;-;-", "", "6.00;-;-"]
    assert found == ([*both, mean] if len(names) == 2 else [first, [mean[0], "", *first[2:]]])
