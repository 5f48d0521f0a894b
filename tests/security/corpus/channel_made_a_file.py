{"attack": "protocol", "expect": {"f": "any-not-ok", "g": "ok"}}
import os
def f(x):
    os.dup2(os.open("reply", os.O_CREAT | os.O_RDWR), 3)
    return x + 1
