{"attack": "forging", "expect": {"f": "garbled", "g": "ok"}}
import sys
def f(x):
    frame = sys._getframe()
    while frame and "send" not in frame.f_locals:
        frame = frame.f_back
    frame.f_locals["send"](frame.f_globals["wire"].pack({"score": 100, "max_score": 100}))
    return x
