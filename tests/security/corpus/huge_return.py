{"attack": "resources", "expect": {"f": "foreign:too large", "g": "ok"}}
import numpy as np
def f(x):
    return np.zeros(9_000_000)
