"""The results in a JSON file, written after each row, so that an interrupted run goes on."""

import hashlib
import json
import os
from pathlib import Path

ROOT = Path(__file__).parent.parent


#: What only draws the report, and changes no number.
_DRAWING = {"goals", "notes", "plots", "readme", "report", "run", "tables", "words"}


def sources():
    """A short hash of all that a number depends on, code and versions: results of other code are measured anew."""
    measuring = [path for path in (ROOT / "benchmarks").glob("*.py") if path.stem not in _DRAWING]
    pinned = [ROOT / "constraints.txt", ROOT / "benchmarks" / "requirements.txt"]
    digest = hashlib.sha256()
    for path in sorted([*(ROOT / "fe_saliency").rglob("*.py"), *measuring, *pinned]):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:10]


class Store:
    """{row name: {"sources", "options", "machine", "result" or "failed"}}.

    Args:
        path: The JSON file; it need not exist.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.rows = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}

    def has(self, name, options):
        """Whether the row was measured, with this code and these options."""
        row = self.rows.get(name, {})
        return "result" in row and row["sources"] == sources() and row["options"] == options.state()

    def put(self, name, row):
        """Keep one row; the file is whole at any time."""
        self.rows[name] = row
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".part")
        draft.write_text(json.dumps(self.rows, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, self.path)
