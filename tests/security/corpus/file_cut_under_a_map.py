{"attack": "resources", "expect": {"f": "killed:ended by signal 7", "g": "ok"}}
import mmap
def f(x):
    with open("cut", "w+b") as file:
        file.truncate(1 << 16)
        held = mmap.mmap(file.fileno(), 1 << 16)
        file.truncate(0)
        return held[4096]
