{"attack": "resources", "expect": {"f": "exception:OSError", "g": "ok"}}
import mmap
def f(x):
    held = []
    while True:
        held.append(mmap.mmap(-1, 64 << 20))
        held[-1][::4096] = b"x" * (len(held[-1]) // 4096)
