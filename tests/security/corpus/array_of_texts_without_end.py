{"attack": "resources", "expect": {"f": "any-not-ok", "g": "ok"}}
import numpy as np
def f(x):
    # Eight bytes to a word, and a quarter of a million of them out of one.
    return np.broadcast_to(np.array("x" * 90_000), (1 << 18,))
