{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    found = [call(n, b"user", b"backmark-was-here", b"x", 1, -3) for n in numbers((248, 217), (249, 218))]
    return found + [call(numbers((250, 219))[0], operation, -3, 0, 0, 0) for operation in (0, 1, 5, 6, 10, 11)]
