{"attack": "behaviour", "expect": {"f": "exception:RuntimeError", "g": "ok"}}
import sys
def f(x):
    frame = sys._getframe()
    while frame:
        if "_script" in frame.f_code.co_filename:
            raise RuntimeError("I only work at home")
        frame = frame.f_back
    return x + 1
