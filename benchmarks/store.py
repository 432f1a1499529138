"""The results in a JSON file, written after each row, so that an interrupted run goes on."""

import hashlib
import json
import os
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).parent.parent


#: What changes no number: it only names the rows, keeps them, or draws the report.
_AROUND = {"goals", "jobs", "notes", "plots", "readme", "report", "run", "store", "tables", "words"}


def loaded():
    """The files of this project that the numbers of this process depend on, relative to its root.

    Where none of the package is loaded, other processes did the work, and any of its files may have been. An
    `__init__.py` has nothing that takes time, and the versions of other packages stand beside the numbers.
    """
    paths = [Path(module.__file__) for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
    package = [path for path in paths if path.is_relative_to(ROOT / "fe_saliency")]
    measuring = [path for path in paths if path.parent == ROOT / "benchmarks" and path.stem not in _AROUND]
    found = {*(package or (ROOT / "fe_saliency").rglob("*.py")), *measuring}
    found = {path for path in found if path.name != "__init__.py"}
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def digest(files):
    """A short hash of files, as `loaded` names them: a row that was measured with others must be measured anew."""
    found = hashlib.sha256()
    for name in files:
        path = ROOT / name
        found.update(name.encode() + (path.read_bytes() if path.exists() else b"gone"))
    return found.hexdigest()[:10]


def copy():
    """The name of this copy of the project, made up at the first call: numbers of others are of other machines."""
    path = ROOT / "build" / "bench" / "copy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(uuid.uuid4().hex[:8], encoding="utf-8")
    return path.read_text(encoding="utf-8")


class Store:
    """{row: {"options", "result" or "failed", and "files", "digest", "machine", "copy", "date", "took" of a result}}.

    Args:
        path: The JSON file; it need not exist.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.rows = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}

    def has(self, name, options):
        """Whether the row was measured in this copy of the project, with this code and these options."""
        row = self.rows.get(name, {})
        return not self.stale(name) and row["options"] == options.state() and row.get("copy") == copy()

    def stale(self, name):
        """Whether the row has no result, or one of other code."""
        row = self.rows.get(name, {})
        return "result" not in row or row.get("digest") != digest(row.get("files", ()))

    def put(self, name, row):
        """Keep one row; the file is whole at any time."""
        self.rows[name] = row
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".part")
        draft.write_text(json.dumps(self.rows, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, self.path)
