{"attack": "resources", "packages": ["numpy", "numba"], "expect": {"f": "timeout", "g": "ok", "seconds": 4}}
from numba import njit
@njit("f8(f8[:])")
def spin(a):
    n = 0.0
    while a[0] >= 0:
        n += 1
    return n
def f(x):
    return spin(x)
