{"attack": "behaviour", "expect": {"f": "ok", "g": "ok"}}
seen = []
def f(x):
    seen.append(1)
    return x + 1 if len(seen) == 1 else x
