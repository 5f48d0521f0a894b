{"attack": "resources", "expect": {"f": "foreign:too large", "g": "ok"}}
import numpy as np
def f(x):
    return np.lib.stride_tricks.as_strided(x, (1 << 29, 1 << 29), (0, 0))
