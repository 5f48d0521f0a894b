{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
import re
def f(x):
    return re.match("(a+)+$", "a" * 40 + "b")
