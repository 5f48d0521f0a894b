{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
import itertools
class Long(dict):
    def __iter__(self): return itertools.repeat("a")
    def items(self): return itertools.repeat(("a", 1))
def f(x):
    return Long(a=1)
