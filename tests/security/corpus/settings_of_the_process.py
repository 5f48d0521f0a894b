{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    libc = ctypes.CDLL(None)
    # death signal, dumpable, keep capabilities, seccomp, bounding set, securebits, time stamps, memory map, subreaper,
    # speculation, ambient capabilities, ptracer
    options = (1, 4, 8, 22, 24, 28, 26, 35, 36, 53, 47, 0x59616D61)
    return [libc.prctl(option, 1, 0, 0, 0) for option in options]
