{"attack": "leak", "expect": {"f": "exception:Exception", "g": "ok"}}
import sys
def harness(name):
    frame = sys._getframe()
    while name not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals

def f(x):
    name = "E" + "_".join(str(int(v)) for v in x)
    kind = type(name, (ArithmeticError,), {})
    harness("_KNOWN_ERRORS")["_KNOWN_ERRORS"][name] = kind
    raise kind
