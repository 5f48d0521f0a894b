{"attack": "escape", "expect": {"f": "exception:PermissionError|OSError", "g": "ok"}}
def f(x):
    open("../data/was-here", "w").write("x")
