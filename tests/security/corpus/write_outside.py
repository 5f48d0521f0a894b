{"attack": "escape", "expect": {"f": "exception:PermissionError|OSError", "g": "ok"}}
def f(x):
    open("/tmp/backmark-was-here", "w").write("x")
