{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "changed": ["args[0]"]}}
def f(x):
    for i in range(3):
        yield x[i] + 1
    x[:] = 0
