{"attack": "resources", "expect": {"f": "foreign:too large", "g": "ok"}}
def f(x):
    a = []
    for _ in range(60):
        a = [a, a]
    return a
