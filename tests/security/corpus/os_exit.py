{"attack": "protocol", "expect": {"f": "killed:ended its own process", "g": "ok"}}
import os
def f(x):
    os._exit(0)
