"""The README's code runs, as a newcomer would run it: from top to bottom, in one session."""

import re
from pathlib import Path

import numpy as np
import pytest

from fe_saliency import methods

ROOT = Path(__file__).parent.parent
METHODS = methods()  # before a block registers one of its own
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), names)
    assert names["masks"]["saliency"].shape == (8, 1, 24, 24)
    assert names["maps"].shape == (4, 1, 24, 24)
    assert names["mine"].maps["x"].shape == (8, 1, 24, 24), "a method of one's own"
    moved = names["net"].attribute(
        names["batch"], "integrated_gradients", baseline=0.1 * names["batch"]["x"], nsamples=32
    )
    np.testing.assert_allclose(names["raw"].completeness_gap, moved.completeness_gap, err_msg="a baseline of one's own")
    assert list(tmp_path.glob("logs/*/eval/*tfevents*"))


def test_a_wrong_block_would_be_noticed():
    assert len(BLOCKS) == 8
    with pytest.raises(NameError):
        exec(compile("net.attribute(batch)", "README.md", "exec"), {})


def test_every_picture_is_there():
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def described(text):
    """The methods that have a row in the README's table."""
    table = re.search(r"<!-- methods: begin -->(.*)<!-- methods: end -->", text, re.DOTALL)[1]
    return re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines() if "|" in row))


def test_every_method_has_its_row():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert sorted(described(text)) == sorted(METHODS)
    assert "vargrad" not in described(text.replace("| `vargrad` |", "| - |")), "the check can fail"
