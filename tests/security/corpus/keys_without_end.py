{"attack": "protocol", "expect": {"f": "foreign:too large", "g": "ok"}}
def f(x):
    return {"k" * 5_000_000: 1}
