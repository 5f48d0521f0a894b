{"attack": "resources", "packages": ["numpy", "numba"], "expect": {"f": "killed:crashed (segmentation fault)", "g": "ok"}}
from numba import njit
@njit
def spoil(a):
    for i in range(1 << 40):
        a[i * 512] = 1.0
    return a
def f(x):
    return spoil(x)
