{"attack": "leak", "expect": {"f": "refused", "g": "ok"}}
import numpy, os, sys, sysconfig
def tried(*ways):
    got = []
    for way in ways:
        try:
            way()
            got.append(0)
        except (OSError, ValueError):
            got.append(-1)
    return got

def f(x):
    # Access mode 3 asks for neither reading nor writing; with O_TRUNC it empties what can be written.
    own = next(m.__file__ for m in list(sys.modules.values()) if "sandbox" in getattr(m, "__name__", "") and getattr(m, "__file__", None))
    names = ("/etc/passwd", "/etc/hosts", own, "/", "/tmp", numpy.__file__, os.__file__, os.path.dirname(own))
    return tried(*[lambda n=n, m=m: os.open(n, 3 | m) for n in names for m in (0, os.O_TRUNC, os.O_APPEND, os.O_DIRECTORY)])
