{"attack": "forging", "expect": {"f": "ok!", "g": "ok"}}
import numpy as np
def f(x):
    return np.broadcast_to(np.float64(4), (3,))
