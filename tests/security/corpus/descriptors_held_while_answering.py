{"attack": "resources", "expect": {"f": "ok", "g": "ok"}}
import os
held = []
def f(x):
    try:
        while True:
            held.append(os.pipe())
    except OSError:
        return x + 1
