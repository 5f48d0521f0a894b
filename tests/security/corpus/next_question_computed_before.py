{"attack": "forging", "expect": {"f": "ok", "g": "any"}}
import sys

def f(x):
    # The script of the next question is in memory: answer it from here. A right value is a right value.
    frame = sys._getframe()
    while "scripts" not in frame.f_locals:
        frame = frame.f_back
    for name, calls in frame.f_locals["scripts"]:
        if name == "g":
            globals()["g"] = lambda _, known=calls[0].args[0] * 3: known
    return x + 1
