{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import numpy as np
def f(x):
    np.random.seed(1)
    return x + 1
