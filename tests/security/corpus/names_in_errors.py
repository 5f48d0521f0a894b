{"attack": "leak", "expect": {"f": "exception:Exception", "g": "ok"}}
def f(x):
    kind = type("E" + "_".join(str(int(v)) for v in x), (Exception,), {})
    error = kind(str(x))
    error.add_note(str(x)) if hasattr(error, "add_note") else None
    raise error from ValueError(str(x))
