{"attack": "behaviour", "expect": {"f": "ok!", "g": "ok", "fact": ["", "view"]}}
import numpy as np
class Owner(np.ndarray):
    base = None
def f(x):
    return x.view(Owner)
