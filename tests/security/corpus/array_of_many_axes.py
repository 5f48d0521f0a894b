{"attack": "forging", "expect": {"f": "foreign:object", "g": "ok"}}
def f(x):
    return x.reshape((1,) * 50 + (3,))
