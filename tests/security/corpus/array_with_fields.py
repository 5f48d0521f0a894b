{"attack": "forging", "expect": {"f": "foreign:object", "g": "ok"}}
import numpy as np
def f(x):
    return np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
