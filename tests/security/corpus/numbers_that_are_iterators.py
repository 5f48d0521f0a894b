{"attack": "forging", "expect": {"f": "ok!", "g": "ok", "value": 3.0}}
import collections.abc
import numpy as np
collections.abc.Iterator.register(np.float64)
def f(x):
    return np.float64(3)
