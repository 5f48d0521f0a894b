"""What a bare `import reference` loads, and that it loads every topic."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import reference
from reference.kernels import kernel, use_kernels

FOLDER = Path(reference.__file__).parent
MACHINERY = {"__init__", "op", "shapes", "windows"}


def fresh(code, **environment):
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=FOLDER.parent,
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return result.stdout.split()


def test_import_loads_neither_numba_nor_scipy():
    modules = set(fresh("import sys, reference; print(*sys.modules)"))
    loaded = {module.partition(".")[0] for module in modules}
    assert "numpy" in loaded
    assert loaded.isdisjoint({"numba", "llvmlite", "scipy", "torch", "autograder", "pytest"})
    slow = {"numpy.random", "numpy.ma", "numpy.typing"}  # a third of the time of the import, and not needed
    assert modules.isdisjoint(slow)


def test_plain_numpy_path_loads_no_numba():
    code = (
        "import sys, numpy as np, reference as r\n"
        "y, c = r.conv2d.forward(np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)))\n"
        "r.conv2d.backward(c, y)\n"
        "print(y.shape, 'numba' in sys.modules)"
    )
    assert fresh(code, REFERENCE_KERNELS="0") == ["(1,", "1,", "3,", "3)", "False"]


def test_every_topic_file_is_imported():
    topics = {path.stem for path in FOLDER.glob("*.py")} - MACHINERY
    lines = (FOLDER / "__init__.py").read_text().splitlines()
    assert {topic for topic in topics if f"from reference.{topic} import *" not in lines} == set()


def test_every_public_name_of_a_topic_is_importable():
    for path in FOLDER.glob("*.py"):
        module = sys.modules.get(f"reference.{path.stem}")
        if path.stem not in MACHINERY and module is not None:
            missing = [
                name for name in module.__all__ if getattr(reference, name) is not getattr(module, name)
            ]
            assert missing == []


def test_kernels_can_be_switched_off_and_on():
    before = use_kernels(False)
    try:
        assert kernel("convolution") is None
        assert use_kernels(False) is False
    finally:
        use_kernels(before)


@pytest.mark.parametrize(
    "name", ["conv2d", "conv2d_true", "correlate2d", "causal_conv1d", "locally_connected2d"]
)
def test_named_ops_exist(name):
    assert callable(getattr(reference, name).backward)
