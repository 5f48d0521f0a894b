{"attack": "behaviour", "expect": {"f": "ok!", "g": "ok"}}
import numpy as np
def f(x):
    return np.longdouble("1e4000") * np.ones(3, np.longdouble)
