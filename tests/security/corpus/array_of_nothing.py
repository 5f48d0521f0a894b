{"attack": "forging", "expect": {"f": "ok!", "g": "ok"}}
import numpy as np
def f(x):
    return np.empty((0, 3, 1 << 40))
