{"attack": "forging", "expect": {"f": "any-not-ok", "g": "ok"}}
import numpy as np
class Evil:
    def __float__(self): raise SystemExit
    def __repr__(self): return repr(self)
    def __eq__(self, other): return True
    def __hash__(self): return 1
def f(x):
    return {Evil(), Evil()}
