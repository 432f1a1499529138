"""Imports point one way, as DESIGN section 4 says; read from the source, without running it."""

import ast
from pathlib import Path

import pytest

import fe_saliency

ROOT = Path(fe_saliency.__file__).parent
FRAMEWORKS = {"tensorflow", "torch", "keras", "tensorboard"}
#: Part of the package -> the parts that it may import, besides itself.
NUMBERS = {"quadrature", "patterns", "plan", "segments"}
OP = {"backend", "statistic", "checks", *NUMBERS}
METHOD = {"op", "stepwise", *OP}
CALL = {"method", *METHOD}
WALK = {"session", "compose", "feeder", "chunks", *CALL}
ALLOWED = {
    "compat": set(),
    "raised": set(),
    "backend": {"raised"},
    "quadrature": set(),
    "patterns": set(),
    "plan": {"checks"},
    "segments": set(),
    "checks": set(),
    "atomic": set(),
    "attribution": {"backend", "target"},
    "averaged": {"attribution", "backend"},
    "record": set(),
    "archive": {"record", "atomic"},
    "say": set(),
    "finite": {"backend", "say"},
    "inputs": {"backend", "say"},
    "session": {"backend"},
    "statistic": {"backend"},
    "stepwise": {"statistic", "backend"},
    "errorless": {"statistic", "backend"},
    "op": OP,
    "method": METHOD,
    "target": {"op", "backend"},
    "pace": {"plan", "backend"},
    "call": CALL,
    "site": CALL,
    "compose": {"errorless", "session", "site", "target", *CALL},
    "batch_axis": {"raised", "session", "site", "backend"},
    "sites": {"call", "compose", "site", "session", *CALL},
    "feeder": {"compose", *CALL},
    "chunks": {"session", "backend", "plan", "say"},
    "redraw": {"feeder", "compose", *CALL},
    "driver": {"redraw", *WALK},
    "clean": {"target", *WALK},
    "follower": {"driver", *WALK},
    "finish": {"driver", *WALK},
    "trial": {"call", "clean", "walk", *WALK},
    "walk": {"call", "target", "redraw", "driver", "follower", "clean", "finish", "finite", *WALK},
    "engine": {
        *("trial", "walk", "redraw", "clean", "call", "attribution", "averaged", "inputs", "target", "pace", "site"),
        *("sites", "batch_axis"),
        *WALK,
    },
    "regional": {"engine", "attribution", *CALL, "call"},
    "display": {"backend", "checks", "atomic"},
    "heat": {"display.channels"},
    "measure": set(),
    "saliency_net": {
        *("call", "engine", "regional", "checks", "display", "backend", "method", "attribution", "finite", "target"),
    },
    "control": {"saliency_net", "measure", "heat", "backend", "method", "patterns", "checks"},
    "watch": {"saliency_net", "labels", "backend", "heat", "measure", "op.gather", "patterns", "record", "checks"},
    "labels": set(),
    "review": {"record", "archive", "display", "labels"},
    "spool": set(),
    "vog": {"spool"},
    "trace": {
        *("saliency_net", "call", "display", "backend", "method", "attribution", "checks", "say", "spool", "vog"),
        *("atomic", "record", "archive", "heat", "measure", "watch", "control", "labels", "review", "segments"),
    },
    "__init__": {"compat", "attribution", "method", "saliency_net"},
}
#: Part -> top-level packages that it may import, besides the standard library; what is not here may import FE too.
OUTSIDE = {
    "raised": set(),
    "quadrature": {"numpy"},
    "patterns": {"numpy"},
    "plan": {"numpy"},
    "segments": {"numpy", "scipy", "skimage"},
    "statistic": {"numpy"},
    "attribution": {"numpy"},
    "atomic": set(),
    "averaged": {"numpy"},
    "record": {"numpy"},
    "archive": {"numpy"},
    "inputs": {"numpy"},
    "finite": {"numpy"},
    "checks": {"numpy"},
    "pace": set(),
    "feeder": {"numpy"},
    "chunks": {"tqdm"},
    "heat": {"numpy"},
    "measure": {"numpy", "scipy", "lazy_loader"},
    "spool": {"numpy"},
    "vog": {"numpy"},
}
#: What shows a part more of FastEstimator than its job needs.
UNSEEN = {"display": ("fastestimator.network", "fastestimator.op", "fastestimator.backend", "fastestimator.xai")}


def part_of(path, root):
    return path.relative_to(root).with_suffix("").parts[0]


def imported(path, root):
    """The absolute names that a file imports: modules, and names taken from them."""
    package = ["fe_saliency", *path.relative_to(root).with_suffix("").parts][:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant))


def violations(root):
    """What every file under `root` imports and may not."""
    found = []
    for path in sorted(root.rglob("*.py")):
        part = part_of(path, root)
        for name in imported(path, root):
            if not _may(part, name):
                found.append(f"{path.relative_to(root)} imports {name}")
    return found


def _may(part, name):
    top, _, rest = name.partition(".")
    if top == "fe_saliency":
        inside = rest.split(".")[0]
        if not rest or inside == part or not _is_part(inside):
            return True
        return part in ALLOWED and any(f"{rest}.".startswith(f"{allowed}.") for allowed in ALLOWED[part])
    if top in FRAMEWORKS:
        return part in ("backend", "compat")
    if any(f"{name}.".startswith(f"{unseen}.") for unseen in UNSEEN.get(part, ())):
        return False
    return top != "fastestimator" or part not in OUTSIDE


def _is_part(name):
    return (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()


def test_imports_point_one_way():
    assert violations(ROOT) == []


def test_every_part_has_its_place():
    parts = {part_of(path, ROOT) for path in ROOT.rglob("*.py")}
    assert parts == set(ALLOWED), "a new module needs its line in ALLOWED"


def test_the_rules_themselves_point_one_way():
    """No part may reach itself through others."""
    reach = {part: {name.split(".")[0] for name in allowed} for part, allowed in ALLOWED.items()}
    for _ in ALLOWED:
        reach = {part: seen.union(*(reach[each] for each in seen)) for part, seen in reach.items()}
    assert [part for part, seen in reach.items() if part in seen] == []


def test_design_in_short():
    """DESIGN section 4: backend, quadrature < op < method < saliency_net < trace; backend < display < trace."""
    for lower, higher in [
        ("backend", "op"),
        ("quadrature", "op"),
        ("op", "method"),
        ("method", "saliency_net"),
        ("saliency_net", "trace"),
        ("backend", "display"),
        ("display", "trace"),
    ]:
        assert higher not in ALLOWED[lower]
    assert "display" not in ALLOWED["op"] | ALLOWED["method"] | ALLOWED["engine"], "op never sees a picture"
    assert ALLOWED["display"] <= {"backend", "checks", "atomic"}, "display never sees a model"
    assert not ALLOWED["trace"] & {"op", "engine", "walk", "driver", "compose"}, "trace never sees a gradient"


def test_the_check_sees_every_kind_of_import():
    assert {name.split(".")[0] for path in ROOT.rglob("*.py") for name in imported(path, ROOT)} >= {
        "tensorflow",
        "torch",
        "fastestimator",
        "fe_saliency",
        "numpy",
    }


@pytest.mark.parametrize(
    "file, line",
    [
        ("op/gather.py", "import tensorflow as tf"),
        ("engine.py", "import torch.nn.functional as F"),
        ("op/gather.py", "from fe_saliency.display import scaling"),
        ("op/gather.py", "from fe_saliency import method"),
        ("op/gather.py", "from ..saliency_net import SaliencyNet"),
        ("op/gather.py", "from .. import engine"),
        ("display/overlay.py", "from fe_saliency.saliency_net import SaliencyNet"),
        ("display/overlay.py", "from fastestimator.network import Network"),
        ("display/overlay.py", "def late():\n    import torch"),
        ("trace/saliency.py", "from fe_saliency.op import GradientOp"),
        ("trace/saliency.py", "import fe_saliency.engine"),
        ("method/path.py", "from fe_saliency.engine import Engine"),
        ("statistic.py", "import fastestimator"),
        ("statistic.py", "import importlib\nimportlib.import_module('torch')"),
        ("backend/base.py", "if True:\n    from fe_saliency.op.base import groups"),
        ("unknown.py", "from fe_saliency.engine import Engine"),
    ],
)
def test_the_check_can_fail(file, line, tmp_path):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line)
    assert len(violations(tmp_path)) == 1


@pytest.mark.parametrize(
    "file, line",
    [
        ("backend/tensorflow.py", "import tensorflow as tf"),
        ("compat.py", "import torch"),
        ("op/gather.py", "from .base import groups\nfrom fe_saliency import statistic"),
        ("trace/saliency.py", "from fe_saliency.checks import whole"),
        ("display/overlay.py", "from fastestimator.util.img_data import Display"),
    ],
)
def test_the_check_can_pass(file, line, tmp_path):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line)
    assert violations(tmp_path) == []
