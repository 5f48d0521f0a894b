{"attack": "resources", "expect": {"f": "ok", "g": "ok"}}
import atexit, threading, time
@atexit.register
def wait():
    while True:
        time.sleep(1)
threading._register_atexit(wait)
def f(x):
    return x + 1
