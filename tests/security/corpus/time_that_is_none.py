{"attack": "forging", "expect": {"f": "ok!", "g": "ok"}}
import numpy as np
def f(x):
    return np.datetime64("NaT")
