{"attack": "resources", "expect": {"f": "exception:MemoryError", "g": "ok"}}
import numpy as np
def f(x):
    kept = []
    while True:
        kept.append(np.ones(4_000_000))
