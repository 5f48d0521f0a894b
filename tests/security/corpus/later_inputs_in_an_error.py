{"attack": "leak", "expect": {"f": "exception:KeyError", "g": "ok"}}
import sys
def f(x):
    frame = sys._getframe()
    while "scripts" not in frame.f_locals:
        frame = frame.f_back
    found = str([calls[0].args for _, calls in frame.f_locals["scripts"]])
    raise KeyError(found)
