{"attack": "resources", "expect": {"f": "ok!", "g": "ok"}}
import numpy as np
def f(x):
    return np.zeros(1 << 23)
