{"attack": "forging", "expect": {"f": "foreign:too large", "g": "ok"}}
import itertools
class Long(list):
    def __iter__(self): return itertools.repeat(1)
    def __len__(self): return 3
def f(x):
    return Long((4, 2, 5))
