{"attack": "forging", "expect": {"f": "ok!", "g": "ok", "fact": ["", "masked"]}}
import numpy as np
def f(x):
    return np.ma.masked_all(3)
