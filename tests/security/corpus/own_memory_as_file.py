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
    names = ["/proc/self/mem", "/proc/self/maps", "/proc/1/environ", "/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/tty", "/dev/ptmx", "/dev/fuse", "/dev/shm/x", "/sys/kernel", "/dev/vda"]
    return tried(*[lambda n=n: os.open(n, os.O_RDWR) for n in names], *[lambda n=n: os.open(n, os.O_RDONLY) for n in names], *[lambda n=n: os.listdir(os.path.dirname(n)) for n in names])
