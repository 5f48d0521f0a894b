{"attack": "forging", "expect": {"f": "foreign:object", "g": "ok"}}
import numpy as np
def f(x):
    return np.array(["2020-01-01", "NaT"], "M8[D]")
