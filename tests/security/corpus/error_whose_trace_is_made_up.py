{"attack": "leak", "expect": {"f": "exception", "g": "ok"}}
def f(x):
    number = int("".join(str(int(v)) for v in x))
    exec(compile("\n" * number + "1 / 0", "<cell 1>", "exec"))
