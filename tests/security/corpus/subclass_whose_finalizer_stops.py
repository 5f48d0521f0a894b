{"attack": "forging", "expect": {"f": "any-not-ok", "g": "ok"}}
import numpy as np
class Stops(np.ndarray):
    armed = False
    def __array_finalize__(self, other):
        if Stops.armed: raise SystemExit("right")
def f(x):
    y = x.view(Stops)
    Stops.armed = True
    return [y, y[:1]]
