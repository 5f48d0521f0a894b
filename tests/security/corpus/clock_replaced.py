{"attack": "forging", "expect": {"f": "ok", "g": "ok"}}
import sys
def harness(name):
    frame = sys._getframe()
    while name not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals

def f(x):
    ticks = iter(range(0, -1000, -1))
    harness("_clock")["_clock"] = lambda: next(ticks) * 1e300
    return x + 1
