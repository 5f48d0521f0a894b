{"attack": "forging", "expect": {"f": "any", "g": "ok"}}
import numpy as np
class Liar:
    __class__ = np.ndarray
def f(x):
    return Liar()
