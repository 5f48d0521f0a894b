{"attack": "resources", "expect": {"f": "any", "g": "ok"}}
def f(x):
    return [(1 << 4095) - n for n in range(3_000)]
