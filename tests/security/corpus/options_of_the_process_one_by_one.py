{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    prctl = 167 if HERE else 157
    options = [n for n in range(1, 90) if n not in (15, 16)] + [0x59616D61, 0x53564D41, 0x41555856, 0x6D616D65, -1]
    # The upper half of the word is not looked at by the kernel; it must not lead past a filter either.
    return [call(prctl, ctypes.c_long(option | high), 1, 0, 0, 0) for option in options for high in (0, 1 << 32)]
