{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    held = ctypes.create_string_buffer(64)
    part = (ctypes.c_uint64 * 2)(ctypes.addressof(held), 8)
    read, write, kcmp, trace = (270, 271, 272, 117) if HERE else (310, 311, 312, 101)
    pids = (os.getppid(), 1, os.getpid())
    got = [call(n, pid, part, 1, part, 1, 0) for n in (read, write) for pid in pids] + [call(trace, request, pid, 0, 0) for request in (0, 16, 0x4206) for pid in pids]
    got += [call(kcmp, pid, os.getpid(), 0, 3, 3) for pid in pids]
    # userfaultfd, process_madvise, process_mrelease, pidfd_getfd, move and migrate pages
    others = (282, 440, 448, 438, 239, 238) if HERE else (323, 440, 448, 438, 279, 256)
    return got + [call(n, 0, part, 1, 4, 0, 0) for n in others]
