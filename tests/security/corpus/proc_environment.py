{"attack": "leak", "expect": {"f": "exception:PermissionError|FileNotFoundError", "g": "ok"}}
def f(x):
    return open("/proc/self/environ").read()
