{"attack": "resources", "expect": {"f": "refused", "g": "ok"}}
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
    return tried(lambda: os.mkfifo("a"), lambda: os.mknod("b", 0o60600, os.makedev(8, 0)), lambda: os.mkdir("c"), lambda: os.symlink("a", "d"), lambda: os.chmod(".", 0o777), lambda: os.utime(".", (1, 1)), lambda: os.setxattr(".", "user.a", b"b"))
