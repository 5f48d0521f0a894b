{"attack": "resources", "expect": {"f": "foreign:too large", "g": "ok"}}
def f(x):
    return 1 << 10_000_000
