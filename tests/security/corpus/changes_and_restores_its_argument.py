{"attack": "behaviour", "expect": {"f": "ok", "g": "ok"}}
def f(x):
    x += 1
    y = x.copy()
    x -= 1
    return y
