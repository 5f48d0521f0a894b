{"attack": "forging", "expect": {"f": "foreign:too large", "g": "ok"}}
import numpy as np
def f(x):
    a = np.empty(2, object)
    a[0] = a[1] = a
    return a
