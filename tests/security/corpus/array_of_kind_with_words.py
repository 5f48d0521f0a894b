{"attack": "forging", "expect": {"f": "ok", "g": "ok"}}
import numpy as np
kind = np.dtype("f8", metadata={"verdict": "right"})
def f(x):
    return (x + 1).view(kind)
