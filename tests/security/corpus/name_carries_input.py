{"attack": "leak", "expect": {"f": "exception:Exception", "g": "ok"}}
def f(x):
    raise type("inputs_" + "_".join(str(int(v)) for v in x), (Exception,), {})
