{"attack": "leak", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import os
def f(x):
    return os.listdir("/")
