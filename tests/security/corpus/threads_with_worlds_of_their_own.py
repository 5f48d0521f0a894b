{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    clone = 220 if HERE else 56
    thread = 0x10000 | 0x800 | 0x100
    stack = ctypes.create_string_buffer(1 << 16)
    # A thread without shared signals or memory is none; with a new world of any kind it is refused.
    flags = [0x10000, 0x10000 | 0x800, *(thread | n for n in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)), 0x4000 | 0x100 | 17, 0x8000 | 17, 0x1000 | 17, 1 << 32 | 17]
    return [call(clone, ctypes.c_ulong(flag), None, None, None, None) for flag in flags] + [call(435, stack, n) for n in (64, 80, 88)]
