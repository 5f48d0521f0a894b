{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import random
random._inst.gauss_next = 0.5
def f(x):
    random.gauss(0, 1)
    return x + 1
