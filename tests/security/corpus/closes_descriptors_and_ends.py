{"attack": "protocol", "expect": {"f": "killed", "g": "ok"}}
import os
def f(x):
    os.closerange(0, 1000)
