{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import os, sys, sysconfig, numpy
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
    inside, library = os.path.dirname(numpy.__file__), sysconfig.get_path("stdlib")
    names = [numpy.__file__, inside + "/poison.py", inside + "/__pycache__/poison.pyc", os.__file__, library + "/sitecustomize.py"]
    names += [library + "/__pycache__/os.cpython-311.pyc", sys.executable or "/bin/sh", "/etc/ld.so.preload", os.path.dirname(inside) + "/poison.pth"]
    return tried(*[lambda n=n: open(n, "ab") for n in names], *[lambda n=n: os.truncate(n, 0) for n in names], *[lambda n=n: os.replace(n, n + "x") for n in names])
