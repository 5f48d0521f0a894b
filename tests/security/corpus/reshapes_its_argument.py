{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "changed": ["args[0]"]}}
def f(x):
    y = x + 1
    x.resize((1, 2, 3), refcheck=False)
    return y
