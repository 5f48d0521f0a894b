{"attack": "resources", "expect": {"f": "foreign:too large", "g": "ok"}}
import numpy as np
def f(x):
    return np.broadcast_to(x, (1 << 40, 3))
