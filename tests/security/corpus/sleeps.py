{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
import time
def f(x):
    time.sleep(1000)
