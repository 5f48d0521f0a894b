{"attack": "leak", "expect": {"f": "exception:ValueError", "g": "ok"}}
def f(x):
    raise ValueError(str(x))
