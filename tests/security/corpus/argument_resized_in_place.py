{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "changed": ["args[0]"], "fact": ["args[0]", "shape changed"]}}
def f(x):
    result = x + 1
    x.resize((2,), refcheck=False)
    return result
