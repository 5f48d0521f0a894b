{"attack": "forging", "expect": {"f": "ok!", "g": "ok"}}
import ctypes
import numpy as np
def f(x):
    # An array whose shape says more than there is to it, by writing into its C structure.
    y = np.zeros(3)
    ctypes.c_ssize_t.from_address(ctypes.c_void_p.from_address(id(y) + 32).value).value = 2
    return y
