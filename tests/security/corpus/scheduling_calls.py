{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    # set affinity, scheduler, parameters, attributes, priority; I/O priority; memory policies; migrate pages
    pairs = ((203, 122), (144, 119), (142, 118), (314, 274), (141, 140), (251, 30), (238, 237), (256, 238))
    return [call(n, 0, 8, b"\1" * 64, 0) for n in numbers(*pairs)]
