{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    handle = ctypes.create_string_buffer(b"\x80\0\0\0", 200)
    number = ctypes.c_int()
    to, by = (264, 265) if HERE else (303, 304)
    got = [call(to, -100, name, handle, ctypes.byref(number), flags) for name in (b".", b"/", b"/etc/passwd") for flags in (0, 0x400, 0x1000, 0x200)]
    return got + [call(by, fd, handle, os.O_RDONLY) for fd in (-100, 0, 3)]
