{"attack": "escape", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import os
def f(x):
    os.execv("/bin/sh", ["sh", "-c", "sleep 100"])
