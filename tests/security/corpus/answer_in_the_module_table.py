{"attack": "leak", "expect": {"f": "ok!", "g": "ok", "value": []}}
import sys
def f(x):
    return sorted(n for n in sys.modules if n.split(".")[0] in ("autograder", "reference", "backmark", "pytest", "_pytest"))
