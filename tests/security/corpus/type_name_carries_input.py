{"attack": "leak", "expect": {"f": "foreign:object", "g": "ok"}}
def f(x):
    return type("inputs_" + "_".join(str(int(v)) for v in x), (), {})()
