{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "fact": ["", "subclass"]}}
import numpy as np
def f(x):
    held = np.memmap("held", float, "w+", shape=x.shape)
    held[:] = x + 1
    return held
