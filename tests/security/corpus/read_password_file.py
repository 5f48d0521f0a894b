{"attack": "leak", "expect": {"f": "exception:PermissionError", "g": "ok"}}
def f(x):
    return open("/etc/passwd").read()
