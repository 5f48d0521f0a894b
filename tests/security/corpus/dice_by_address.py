{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import numpy as np
def f(x):
    inside = np.random.get_bit_generator().ctypes
    inside.next_double(inside.state)
    return x + 1
