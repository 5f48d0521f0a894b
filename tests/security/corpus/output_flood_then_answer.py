{"attack": "resources", "expect": {"f": "ok", "g": "ok"}}
import os
def f(x):
    for _ in range(3000):
        os.write(1, b"y" * 10000)
        os.write(2, b"y" * 1000)
    return x + 1
