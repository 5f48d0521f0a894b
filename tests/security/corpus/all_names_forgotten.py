{"attack": "notebook", "expect": {"f": "missing", "g": "ok"}}
def f(x):
    return x + 1
globals().clear()
