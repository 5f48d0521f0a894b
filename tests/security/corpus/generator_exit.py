{"attack": "protocol", "expect": {"f": "exception:GeneratorExit", "g": "ok"}}
def f(x):
    raise GeneratorExit
