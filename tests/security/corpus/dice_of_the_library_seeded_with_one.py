{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "random": 1}}
import random
def f(x):
    random.seed(1)
    return x + 1
