{"attack": "escape", "packages": ["numpy", "numba"], "expect": {"f": "any-not-ok", "g": "ok"}}
import os
from numba import njit, objmode
@njit
def out():
    with objmode():
        os.execv("/bin/sh", ["sh"])
    return 1
def f(x):
    return out()
