{"attack": "forging", "expect": {"f": "ok!", "g": "any"}}
import os, sys
def f(x):
    # Replace what the harness itself uses to write: from the frames, and in the module.
    frame = sys._getframe()
    while frame:
        for name in ("send", "_sender", "pack", "play", "_question"):
            if name in frame.f_globals:
                frame.f_globals[name] = lambda *a, **k: None
        frame = frame.f_back
    os.write = lambda *a: 0
    return "right"
