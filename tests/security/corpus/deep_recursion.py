{"attack": "resources", "expect": {"f": "exception:RecursionError", "g": "ok"}}
def f(x):
    return f(x)
