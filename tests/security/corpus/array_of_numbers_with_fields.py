{"attack": "forging", "expect": {"f": "ok", "g": "ok"}}
import numpy as np
halves = np.dtype((np.float64, [("low", "<f4"), ("high", "<f4")]))
def f(x):
    return (x + 1).view(halves)
