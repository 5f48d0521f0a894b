{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "changed": ["args[0]"]}}
def f(x):
    y = x + 1
    x.dtype = "int64"
    return y
