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
    parent = f"/proc/{os.getppid()}"
    names = [f"{parent}/fd/{n}" for n in range(16)] + [f"{parent}/{n}" for n in ("cwd", "root", "exe", "task/1/cwd", "ns/mnt")]
    return tried(*[lambda n=n: os.readlink(n) for n in names], *[lambda n=n: os.listdir(n) for n in (parent, parent + "/fd", parent + "/task")])
