{"attack": "leak", "expect": {"f": "ok!", "g": "ok"}}
import ctypes, os
def f(x):
    libc = ctypes.CDLL(None)
    parent = os.getppid()
    got = [libc.ptrace(16, parent, 0, 0), libc.syscall(310, parent, 0, 0, 0, 0, 0), libc.syscall(311, parent, 0, 0, 0, 0, 0)]
    got += [libc.syscall(434, parent, 0), libc.syscall(438, 0, 0, 0), libc.syscall(302, parent, 0, 1, 0)]
    return got
