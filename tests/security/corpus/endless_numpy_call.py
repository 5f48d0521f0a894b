{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
import numpy as np
def f(x):
    a = np.ones((3000, 3000))
    while True:
        a @ a
