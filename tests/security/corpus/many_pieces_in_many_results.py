{"attack": "resources", "expect": {"f": "foreign:too large", "g": "ok"}}
def f(x):
    return [[1]] * 190_000
