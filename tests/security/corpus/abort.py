{"attack": "protocol", "expect": {"f": "killed:ended by signal 6", "g": "ok"}}
import os
def f(x):
    os.abort()
