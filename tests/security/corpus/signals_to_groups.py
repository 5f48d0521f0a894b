{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import os, signal
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
    group, parent = os.getpgrp(), os.getppid()
    return tried(lambda: os.killpg(0, 9), lambda: os.killpg(group, 9), lambda: os.kill(-1, 9), lambda: os.kill(1, 9),
                 lambda: os.kill(0, 19), lambda: os.kill(parent, 19), lambda: os.kill(parent, 0), os.setsid,
                 lambda: os.setpgid(0, 0))
