{"attack": "resources", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import os
def f(x):
    return os.open(".", os.O_TMPFILE | os.O_RDWR)
