{"attack": "forging", "expect": {"f": "garbled", "g": "ok"}}
import dataclasses, sys
def harness(name):
    frame = sys._getframe()
    while name not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals

def f(x):
    inside = harness("Outcome")
    true = inside["Outcome"]
    inside["Outcome"] = lambda *a, **k: true(**{**k, "status": "right", "value": "100 points"})
    return x
