{"attack": "behaviour", "expect": {"f": "ok", "g": "ok"}}
import os, warnings
warnings.showwarning = warnings.showwarnmsg = lambda *_, **__: os._exit(1)
warnings.filters[:] = [("always", None, Warning, None, 0)]
def f(x):
    warnings.warn("now")
    return x + 1
