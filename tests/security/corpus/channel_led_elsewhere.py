{"attack": "protocol", "expect": {"f": "any-not-ok", "g": "ok"}}
import os
def f(x):
    kept = os.dup(3)
    _, writing = os.pipe()
    os.dup2(writing, 3)
    return x + 1
