{"attack": "resources", "expect": {"f": "foreign:too large", "g": "ok"}}
def f(x):
    a = []
    a.append(a)
    return a
