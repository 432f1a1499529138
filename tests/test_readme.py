"""The README's code runs, as a newcomer would run it: from top to bottom, in one session."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), names)
    assert names["masks"]["saliency"].shape == (8, 1, 24, 24)
    assert names["maps"].shape == (4, 1, 24, 24)
    assert list(tmp_path.glob("logs/*/eval/*tfevents*"))


def test_a_wrong_block_would_be_noticed():
    assert len(BLOCKS) == 7
    with pytest.raises(NameError):
        exec(compile("net.attribute(batch)", "README.md", "exec"), {})


def test_every_picture_is_there():
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)
