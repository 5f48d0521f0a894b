{"attack": "escape", "expect": {"f": "ok!", "g": "ok"}}
import ctypes, os
def f(x):
    libc = ctypes.CDLL(None)
    return [libc.fcntl(3, 8, os.getppid()), libc.fcntl(3, 10, 9), libc.fcntl(3, 15, 0)]
