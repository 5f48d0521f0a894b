{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os
def f(x):
    os.dup2(3, 1)
    print("right, 100 points", flush=True)
    return x + 1
