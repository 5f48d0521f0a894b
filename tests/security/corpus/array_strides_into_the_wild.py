{"attack": "resources", "expect": {"f": "killed:crashed (segmentation fault)", "g": "ok"}}
import numpy as np
def f(x):
    return np.lib.stride_tricks.as_strided(x, (3,), (1 << 45,))
