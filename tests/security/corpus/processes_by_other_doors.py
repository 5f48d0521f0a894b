{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    flags = (17, 0x4111, 0x20000011, 0x10000011, 0x40000011, 0x10000 | 0x900 | 0x20000, 0x10000 | 0x900 | 0x40000000)
    got = [call(numbers((56, 220))[0], flag, 0, 0, 0, 0) for flag in flags]  # clone
    got += [call(n, 0, 0, 0, 0, 0) for n in numbers((57, None), (58, None), (272, 97), (308, 268))]  # fork, vfork, unshare, setns
    arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
    return got + [call(435, arguments, 88)]
