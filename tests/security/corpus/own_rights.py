{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    # setuid, setgid, setreuid, setregid, setresuid, setresgid, setgroups, setfsuid is never an error, capset
    pairs = ((105, 146), (106, 144), (113, 145), (114, 143), (117, 147), (119, 149), (116, 159), (126, 91))
    return [call(n, 0, 0, 0, 0) for n in numbers(*pairs)]
