{"attack": "leak", "expect": {"f": "any-not-ok", "g": "ok"}}
def f(x):
    raise BaseExceptionGroup(str(x), [ValueError(str(x)), KeyboardInterrupt(x)])
