{"attack": "resources", "packages": ["numpy", "numba"], "expect": {"f": "any", "g": "any"}}
import numpy as np
from numba import njit
@njit
def spoil(a, far):
    for i in range(-far, far):
        a[i] = 0x4141414141414141
def f(x):
    y = np.zeros(4, np.int64)
    spoil(y, 1 << 14)
    return x + 1
