{"attack": "resources", "expect": {"f": "exception:OSError", "g": "ok"}}
import mmap
def f(x):
    return len(mmap.mmap(-1, 1 << 44, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0x4000)))
