{"attack": "resources", "expect": {"f": "foreign:too large", "g": "ok"}}
def f(x):
    return "x" * 50_000_000
