{"attack": "escape", "packages": ["numpy", "numba"], "expect": {"f": "ok!", "g": "ok", "value": -1}}
import ctypes
from numba import njit
fork = ctypes.CDLL(None).fork
fork.restype, fork.argtypes = ctypes.c_int, []
@njit
def away():
    return fork()
def f(x):
    return away()
