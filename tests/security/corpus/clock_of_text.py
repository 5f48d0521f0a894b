{"attack": "forging", "expect": {"f": "ok!", "g": "any"}}
import sys
def harness(name):
    frame = sys._getframe()
    while name not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals

class Hours(str):
    def __sub__(self, other): return "right"
def f(x):
    harness("_clock")["_clock"] = lambda: Hours("full marks")
    return x
