"""Packages an assignment allows beyond NumPy work in the sandbox as they do in a notebook."""

import numpy as np

from autograder.sandbox import Call, Cell, Limits, Sandbox

NUMBA = """
import numpy as np
from numba import njit, prange

@njit(cache=True)
def kept(x):
    return x.sum()

@njit(parallel=True)
def shared(x):
    total = 0.0
    for i in prange(x.size):
        total += x[i]
    return total
"""


def test_numba_compiles_caches_and_runs_in_parallel():
    x = np.arange(5.0)
    script = {"kept": (Call("kept", (x,)),), "shared": (Call("shared", (x,)),)}
    with Sandbox(packages=("numpy", "numba"), limits=Limits(seconds=60)) as box:
        evidence = box.run([Cell(1, NUMBA)], script)
    assert evidence.cells[0].status == "ok"
    assert [evidence.questions[name][0].value for name in script] == [10.0, 10.0]


def test_matplotlib_draws_without_a_screen():
    source = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])\n"
    source += "def lines():\n    return len(ax.lines)"
    with Sandbox(packages=("numpy", "matplotlib"), limits=Limits(seconds=60)) as box:
        evidence = box.run([Cell(1, source)], {"lines": (Call("lines"),)})
    assert evidence.questions["lines"][0].value == 1
