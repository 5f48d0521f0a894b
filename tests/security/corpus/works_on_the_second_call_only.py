{"attack": "behaviour", "expect": {"f": "ok!", "g": "ok"}}
calls = []
def f(x):
    calls.append(x)
    return x + 1 if len(calls) > 1 else x
