{"attack": "notebook", "expect": {"f": "ok", "g": "ok"}}
def f(x):
    return x + 1
__builtins__ = {}
