{"attack": "forging", "expect": {"f": "ok!", "g": "any"}}
import numpy as np
def f(x):
    np.array_equal = np.allclose = np.isclose = lambda *a, **k: True
    np.array = np.asarray = lambda *a, **k: 0
    np.ndarray.__eq__
    return "equal to everything"
