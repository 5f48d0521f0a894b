{"attack": "behaviour", "expect": {"f": "ok", "g": "ok"}}
def f(x):
    return (x + 1).astype("complex64")
