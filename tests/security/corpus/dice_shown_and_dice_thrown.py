{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import numpy as np
# What shows the bit generator looks here; what draws is bound to the first object.
np.random.mtrand._rand = np.random.RandomState(5)
def f(x):
    np.random.rand()
    return x + 1
