{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    # set the time, adjust it, timers that outlive, the host's name, its log, its modules
    pairs = (112, 170, 171, 266, 107, 161, 162, 116, 85, 86) if HERE else (227, 164, 159, 305, 222, 170, 171, 103, 283, 286)
    held = ctypes.create_string_buffer(256)
    return [call(n, 0, held, held, held, 0) for n in pairs]
