{"attack": "behaviour", "expect": {"f": "ok!", "g": "ok", "fact": ["[1]", "view"]}}
import numpy as np
def f(x):
    return x + 1, np.from_dlpack(x)
