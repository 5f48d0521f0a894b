{"attack": "escape", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import numpy
def f(x):
    open(numpy.__file__, "a").write("# poison")
