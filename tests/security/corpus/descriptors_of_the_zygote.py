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
    names = [f"/proc/{os.getppid()}/{name}" for name in (*[f"fd/{n}" for n in range(16)], "mem", "environ", "maps", "cwd/x", "root/etc/passwd")]
    return tried(*[lambda n=n, m=m: os.open(n, m) for n in names for m in (os.O_RDONLY, os.O_RDWR)])
