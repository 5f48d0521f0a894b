{"attack": "leak", "expect": {"f": "refused", "g": "ok"}}
import os
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
    return tried(*[lambda fd=fd: os.read(fd, 1) or 1 / 0 for fd in (1, 2, 3)], lambda: os.pread(3, 1, 0), lambda: os.lseek(3, 0, 0))
