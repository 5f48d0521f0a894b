{"attack": "behaviour", "expect": {"f": "exception:UserWarning", "g": "ok"}}
import warnings
def f(x):
    warnings.filters = [("error", None, Warning, None, 0)]
    warnings.warn("now")
    return x + 1
