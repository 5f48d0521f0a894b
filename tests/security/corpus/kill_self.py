{"attack": "protocol", "expect": {"f": "killed", "g": "ok"}}
import os
def f(x):
    os.kill(os.getpid(), 9)
