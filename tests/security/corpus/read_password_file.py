{"attack": "leak", "expect": {"f": "exception:PermissionError|FileNotFoundError", "g": "ok"}}
def f(x):
    return open("/etc/passwd").read()
