{"attack": "forging", "expect": {"f": "any", "g": "any"}}
import builtins
def f(x):
    builtins.isinstance = lambda *a: True
    builtins.len = lambda *a: 0
    builtins.type = None
    return x + 1
