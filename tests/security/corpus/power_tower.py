{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
def f(x):
    return 9 ** 9 ** 9
