{"attack": "behaviour", "expect": {"f": "killed", "g": "killed"}}
import numpy as np
np.random.mtrand._rand = 3
def f(x):
    return x + 1
