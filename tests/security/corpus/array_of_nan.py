{"attack": "forging", "expect": {"f": "ok!", "g": "ok"}}
def f(x):
    return x * float("nan")
