{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 0}}
import random, secrets
import numpy as np
own, older, newer = random.Random(3), np.random.RandomState(3), np.random.default_rng(3)
def f(x):
    own.gauss(0, 1), older.rand(), newer.random(), secrets.token_bytes(4), random.SystemRandom().random()
    random.setstate(random.getstate())
    np.random.set_state(np.random.get_state())
    return x + 1
