{"attack": "escape", "expect": {"f": "exception:PermissionError", "g": "ok"}}
def f(x):
    open("../data/was-here", "w").write("x")
