{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import numpy as np
class Twister(np.random.MT19937):
    pass
np.random.set_bit_generator(Twister(3))
def f(x):
    np.random.rand()
    return x + 1
