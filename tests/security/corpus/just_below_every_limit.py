{"attack": "resources", "expect": {"f": "any-not-ok", "g": "spent", "total": 1.6}}
import time
time.sleep(0.7)
def f(x):
    # Each step stays below its own limit or costs one question only; the whole is what is too much.
    while True:
        pass
