{"attack": "leak", "expect": {"f": "refused", "g": "ok"}}
import glob, os
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
    home = os.environ["HOME"]
    places = ("..", "../..", "../data", "/tmp", "/", "/home", "/root", "/work", "/srv", os.path.dirname(home), os.path.dirname(os.path.dirname(home)))
    links = lambda: os.symlink("/etc/passwd", "link")
    return tried(*[lambda p=p: p != "../data" and os.listdir(p) or os.listdir("/etc") for p in places], links, lambda: os.link("/etc/passwd", "hard"), lambda: os.chdir("..") or os.listdir("."), lambda: os.chroot("."))
