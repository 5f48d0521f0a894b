{"attack": "forging", "expect": {"f": "ok!", "g": "ok"}}
import numpy as np
def f(x):
    return np.full(3, 0x7FF8_BEEF_DEAD_0001, np.uint64).view(np.float64)
