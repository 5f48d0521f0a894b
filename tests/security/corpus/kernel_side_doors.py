{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    # io_uring three times, perf, bpf, fanotify, inotify, kcmp, read and write other memory, lookup of cookies, vmsplice
    pairs = ((425, 425), (426, 426), (427, 427), (298, 241), (321, 280), (300, 262), (294, 26), (312, 272), (310, 270))
    pairs += ((311, 271), (278, 75), (275, 76), (282, 74), (283, 85), (206, 0), (216, 234))
    return [call(n, 1, 0, 0, 0, 0, 0) for n in numbers(*pairs)]
