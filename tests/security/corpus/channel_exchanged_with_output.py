{"attack": "protocol", "expect": {"f": "any-not-ok", "g": "ok"}}
import os
def f(x):
    os.dup2(1, 3)
    return x + 1
