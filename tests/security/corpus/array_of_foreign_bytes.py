{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "fact": ["", "byte order"]}}
def f(x):
    return (x + 1).astype(">f8")
