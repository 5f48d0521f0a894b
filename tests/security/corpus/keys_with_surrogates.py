{"attack": "protocol", "expect": {"f": "ok!", "g": "ok"}}
def f(x):
    return {"\ud800": 1, "k" * 50_000: 2}
