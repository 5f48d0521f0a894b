{"attack": "escape", "expect": {"f": "ok!", "g": "ok"}}
import ctypes
def f(x):
    libc = ctypes.CDLL(None)
    # io_uring, bpf, keyctl, userfaultfd, unshare, setns, mount, memfd, shmget, msgget, chmod, x32 getpid, perf, personality
    return [libc.syscall(n, 0, 0, 0, 0, 0, 0) for n in (425, 321, 250, 323, 272, 308, 165, 319, 29, 68, 90, 0x40000027, 298, 135)]
