{"attack": "forging", "expect": {"f": "any", "g": "any"}}
import ctypes
import numpy as np
def f(x):
    # What compares floats now compares arrays, and the other way round (slot of the C structure).
    slot = 8 * 25
    one, two = (ctypes.c_void_p.from_address(id(kind) + slot) for kind in (float, np.ndarray))
    one.value, two.value = two.value, one.value
    return x * 2.0
