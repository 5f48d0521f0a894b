{"attack": "escape", "expect": {"f": "ok!", "g": "ok"}}
import ctypes, os
def f(x):
    libc = ctypes.CDLL(None)
    parent = os.getppid()
    got = [libc.kill(parent, 9), libc.kill(-1, 9), libc.kill(0, 9), libc.syscall(234, parent, parent, 9)]
    got += [libc.syscall(200, parent, 9), libc.syscall(424, 0, 9, 0, 0), libc.syscall(129, parent, 9, 0)]
    return got
