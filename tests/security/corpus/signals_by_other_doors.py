{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    own, parent = os.getpid(), os.getppid()
    info = ctypes.create_string_buffer(b"\x09\0\0\0\0\0\0\0\xff\xff\xff\xff", 128)
    kill, tkill, tgkill, queue, tgqueue = (129, 130, 131, 138, 240) if HERE else (62, 200, 234, 129, 297)
    got = [call(kill, ctypes.c_long(p), 9) for p in (parent, 0, 1, -1, -own, -parent or -1, own + 1, own | 1 << 31)]
    got += [call(tkill, parent or 1, 9), call(tgkill, parent or 1, parent or 1, 9), call(queue, parent or 1, 9, info), call(tgqueue, parent or 1, parent or 1, 9, info)]
    return got + [call(n, 0, parent or 1, 9, 0, 0) for n in (424, 434, 438, 440, 448)]
