{"attack": "resources", "expect": {"f": "any-not-ok", "g": "any"}}
import faulthandler, sys
def f(x):
    faulthandler.enable(1)
    sys.setrecursionlimit(1 << 30)
    held = lambda: held()
    for _ in range(100_000):
        held = type("C", (), {"__call__": held})()
    return held()
