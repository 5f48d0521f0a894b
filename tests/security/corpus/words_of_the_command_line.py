{"attack": "leak", "expect": {"f": "ok!", "g": "ok", "value": [0, []]}}
import os, sys
def f(x):
    words = [*sys.argv, *sys.orig_argv, *sys.path, *os.environ, *os.environ.values(), *map(str, sys._xoptions.items())]
    return [len(sys.argv) - 1, [w for w in words if any(n in w.lower() for n in ("keys/", "secret", "journal", "roster", "submitted", "token"))]]
