{"attack": "leak", "expect": {"f": "exception:PermissionError|FileNotFoundError", "g": "ok"}}
import os
def f(x):
    return open(f"/proc/{os.getppid()}/mem", "rb").read(1)
