{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import ctypes, random
import numpy as np
def f(x):
    ctypes.memset(np.random.get_bit_generator().ctypes.state_address, 0, 2500)
    ctypes.memset(id(random._inst) + object.__basicsize__, 0, 2500)
    return x + 1
