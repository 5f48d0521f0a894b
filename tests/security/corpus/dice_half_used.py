{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import numpy as np
# The words stay where they are, and one normal number of a pair lies ready: using it up moves nothing.
place = np.random.get_state()
np.random.set_state((*place[:3], 1, 0.5))
def f(x):
    np.random.standard_normal()
    return x + 1
