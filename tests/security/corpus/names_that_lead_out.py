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
    inside = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    names = ("../../../../etc/passwd", "../box/../data/../../../etc/passwd", "/proc/self/root/etc/passwd", "/proc/self/cwd/../../etc/passwd", "/proc/thread-self/root/etc/passwd", "/dev/fd/3/../x", "/dev/stdin/x")
    ways = [lambda n=n, m=m: os.open(n, m, dir_fd=inside) for n in names for m in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_CREAT)]
    return tried(*ways, lambda: os.rename("a", "../a"), lambda: os.link("/etc/passwd", "a"), lambda: os.symlink("/", "b"), lambda: os.replace("/etc/passwd", "c"))
