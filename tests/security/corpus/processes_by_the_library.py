{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import multiprocessing, os, pty, subprocess
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
    return tried(
        lambda: pty.fork(), lambda: os.forkpty(), lambda: os.posix_spawn("/bin/true", ["true"], {}),
        lambda: subprocess.run(["true"]), lambda: multiprocessing.Process(target=print).start(), lambda: os.popen("true"),
    )
