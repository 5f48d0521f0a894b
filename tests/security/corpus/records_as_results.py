{"attack": "forging", "expect": {"f": "any", "g": "ok"}}
import sys
def f(x):
    # Records of the format itself as a result: they must come back as nothing but data.
    frame = sys._getframe()
    while "Outcome" not in frame.f_globals:
        frame = frame.f_back
    inside = frame.f_globals
    return [inside["Outcome"]("ok", x + 1), inside["Foreign"]("right"), inside["Call"]("f") if "Call" in inside else None]
