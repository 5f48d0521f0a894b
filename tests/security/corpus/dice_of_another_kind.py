{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import numpy as np
np.random.set_bit_generator(np.random.PCG64(3))
def f(x):
    np.random.rand()
    return x + 1
