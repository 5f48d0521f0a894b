{"attack": "resources", "expect": {"f": "any-not-ok", "g": "ok"}}
import mmap, os
def f(x):
    held = []
    for n in range(250):
        file = os.open(f"m{n}", os.O_CREAT | os.O_RDWR)
        os.ftruncate(file, 15 << 20)
        held.append(mmap.mmap(file, 15 << 20))
        os.close(file)
        held[-1][::4096] = b"x" * len(held[-1][::4096])
    return x + 1
