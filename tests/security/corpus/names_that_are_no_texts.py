{"attack": "notebook", "expect": {"f": "ok", "g": "ok"}}
class Odd(str):
    def __eq__(self, other): raise SystemExit
    __hash__ = str.__hash__
globals().update({1: 2, None: 3, Odd("h"): 4})
def f(x):
    return x + 1
