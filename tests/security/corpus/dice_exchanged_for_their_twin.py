{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import numpy as np
def f(x):
    twin = np.random.MT19937()
    twin.state = np.random.get_state(legacy=False)
    np.random.set_bit_generator(twin)
    return x + 1
