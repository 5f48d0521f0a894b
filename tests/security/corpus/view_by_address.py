{"attack": "behaviour", "expect": {"f": "ok!", "g": "ok", "fact": ["", "view"]}}
import ctypes
import numpy as np
def f(x):
    return np.ctypeslib.as_array(x.ctypes.data_as(ctypes.POINTER(ctypes.c_double)), (2,))
