{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
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
    with open("program", "wb") as file:
        file.write(b"#!/bin/sh\n")
    made = os.open("other", os.O_CREAT | os.O_WRONLY, 0o6777)
    return tried(lambda: os.fchmod(made, 0o6777), lambda: os.chmod("program", 0o6777), lambda: os.chown("program", 0, 0), lambda: os.execv("program", ["program"]),
                 lambda: os.execve(made, ["program"], {}), lambda: os.posix_spawn("program", ["program"], {}), lambda: os.setxattr("program", "security.capability", b"x"))
