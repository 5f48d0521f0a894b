{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "changed": ["args[0]"]}}
import numpy as np
def f(x):
    result = x + 1
    x.__setstate__((1, (3,), np.dtype("f8"), False, bytes(24)))
    return result
