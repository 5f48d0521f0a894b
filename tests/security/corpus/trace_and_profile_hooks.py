{"attack": "forging", "expect": {"f": "ok", "g": "ok"}}
import sys
sys.settrace(lambda *a: None)
sys.setprofile(lambda *a: None)
sys.excepthook = sys.displayhook = sys.unraisablehook = None
def f(x):
    return x + 1
