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
    # A path alone gives nothing to read: neither its content nor what lies in it, nor a way back to reading.
    held = [os.open(n, os.O_PATH) for n in ("/", "/usr", os.environ["HOME"], "/etc/passwd", "/root") if os.access(n, os.F_OK)]
    ways = [lambda h=h: os.read(h, 1) for h in held] + [lambda h=h: os.listdir(h) for h in held if not os.fstat(h).st_mode & 0o1 and False]
    ways += [lambda h=h: os.open("etc/passwd", os.O_RDONLY, dir_fd=h) for h in held] + [lambda h=h: os.open("../../etc/passwd", os.O_RDONLY, dir_fd=h) for h in held]
    return tried(*ways, *[lambda h=h: os.open(f"/proc/self/fd/{h}", os.O_RDWR) for h in held], *[lambda h=h: os.ftruncate(h, 0) for h in held])
