{"attack": "forging", "expect": {"f": "ok!", "g": "garbled"}}
import sys
def f(x):
    # Use the harness itself to send a well-formed reply, and then let the true one follow.
    frame = sys._getframe()
    while frame and "send" not in frame.f_locals:
        frame = frame.f_back
    pack = frame.f_globals["wire"].pack
    Outcome = frame.f_globals["Outcome"]
    frame.f_locals["send"](pack(["question", "f", [Outcome("ok", "right, 100 points", (("", "verdict right"),))]]))
    return x
