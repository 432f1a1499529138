"""Measures one row, in this process, and leaves it in a file: `python -m benchmarks.worker ROW OPTIONS FILE`."""

import json
import sys
import time
from pathlib import Path

from benchmarks import machine, store
from benchmarks.jobs import jobs
from benchmarks.options import Options


def main(name, options, path):
    start = time.perf_counter()
    settings = Options(**json.loads(options))
    row = {"options": settings.state(), "result": jobs()[name](settings)}
    row["files"] = store.loaded()
    row["digest"] = store.digest(row["files"])
    row["machine"] = machine.describe(next((word for word in name.split() if word in ("torch", "tf")), None))
    row["copy"], row["date"] = store.copy(), time.strftime("%Y-%m-%d", time.gmtime())
    row["took"] = time.perf_counter() - start
    Path(path).write_text(json.dumps(row), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
