{"attack": "leak", "expect": {"f": "ok!", "g": "ok", "value": [0, 0]}}
import gc, sys
import numpy as np
def f(x):
    held, frame = list(gc.get_objects()), sys._getframe()
    while frame:
        held += list(frame.f_locals.values()) + list(frame.f_globals.values())
        frame = frame.f_back
    found = [a for a in held if isinstance(a, np.ndarray) and a.shape == x.shape and np.array_equal(a, x + 1)]
    words = [t for t in held if isinstance(t, str) and ("expected" in t and "verdict" in t or "keys/" in t)]
    return [len(found), len([w for w in words if len(w) < 300])]
