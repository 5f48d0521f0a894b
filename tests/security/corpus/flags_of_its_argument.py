{"attack": "behaviour", "expect": {"f": "ok", "g": "ok"}}
def f(x):
    x.setflags(write=False)
    return x + 1
