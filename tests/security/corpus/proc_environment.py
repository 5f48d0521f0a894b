{"attack": "leak", "expect": {"f": "exception:PermissionError", "g": "ok"}}
def f(x):
    return open("/proc/self/environ").read()
