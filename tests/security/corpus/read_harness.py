{"attack": "leak", "expect": {"f": "exception:PermissionError|FileNotFoundError", "g": "ok"}}
import sys
def f(x):
    frame = sys._getframe()
    while not frame.f_code.co_filename.endswith(".py"):
        frame = frame.f_back
    return open(frame.f_code.co_filename).read()
