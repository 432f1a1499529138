"""What setup.py says and refuses."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("wrong", [(3, 9), (3, 12)])
def test_a_wrong_python_is_refused_with_a_sentence(wrong):
    pretend = f"import runpy, sys; sys.version_info = {(*wrong, 0, 'final', 0)}"
    done = subprocess.run(
        [sys.executable, "-c", f"{pretend}; runpy.run_path('setup.py')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.endswith(
        f"fe_saliency needs Python 3.10 or 3.11, but this is Python {wrong[0]}.{wrong[1]}: "
        "FastEstimator 1.7 needs at least 3.10, "
        "and TensorFlow 2.15 has no wheels for 3.12 or later.\n"
    )


def test_setuptools_is_held_below_81_for_as_long_as_the_host_needs_it():
    pyfiglet = Path(find_spec("pyfiglet").origin).read_text(encoding="utf-8")
    assert "import pkg_resources" in pyfiglet, "pyfiglet does without it: lift `setuptools<81`."
    assert find_spec("pkg_resources") is not None
    assert '"setuptools<81"' in (ROOT / "setup.py").read_text(encoding="utf-8")
