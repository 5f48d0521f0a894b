{"attack": "forging", "expect": {"f": "ok", "g": "ok"}}
import numpy as np, random
np.random.get_state = random.getstate = np.random.seed = random.seed = np.random.set_state = None
np.random.default_rng = None
def f(x):
    return x + 1
