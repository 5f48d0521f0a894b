{"attack": "notebook", "expect": {"f": "ok", "g": "ok"}}
def ｆ(x):
    return x + 1
