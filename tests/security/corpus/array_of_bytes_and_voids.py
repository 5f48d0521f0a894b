{"attack": "forging", "expect": {"f": "any-not-ok", "g": "ok"}}
import numpy as np
def f(x):
    return {1: np.void(b"right"), 2: np.array([b"a", b"bc"]), 3: np.zeros(2, "V8"), 4: np.zeros((), [("a", "O")])}[4]
