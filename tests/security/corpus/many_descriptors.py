{"attack": "resources", "expect": {"f": "exception:OSError", "g": "ok"}}
import os
def f(x):
    while True:
        os.dup(1)
