{"attack": "leak", "expect": {"f": "exception:UnicodeEncodeError", "g": "ok"}}
def f(x):
    kind = type("\ud83d" + str(int(x[0])), (), {})
    return {"\ud800": kind(), "a": kind}
