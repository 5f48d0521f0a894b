{"attack": "resources", "expect": {"f": "ok!", "g": "ok"}}
import ctypes
def f(x):
    libc = ctypes.CDLL(None)
    return [libc.fork(), libc.vfork(), libc.syscall(435, 0, 0), libc.syscall(56, 0, 0, 0, 0, 0)]
