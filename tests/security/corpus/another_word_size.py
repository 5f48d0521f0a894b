{"attack": "escape", "expect": {"f": "killed", "g": "ok"}}
import ctypes, mmap, os
def f(x):
    if os.uname().machine == "aarch64":
        os.kill(os.getpid(), 31)
    libc = ctypes.CDLL(None)
    libc.mmap.restype, libc.mmap.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_ssize_t)
    page = libc.mmap(None, 4096, 7, 0x22 | 0x40, -1, 0)  # below 2 GB
    inside = page + 32
    # push 0x23; push inside; far return to the 32-bit segment, where mov eax, 2 (fork); int 0x80; jmp $
    code = b"\x6a\x23\x68" + inside.to_bytes(4, "little") + b"\x48\xcb"
    ctypes.memmove(page, code.ljust(32, b"\x90") + b"\xb8\x02\0\0\0\xcd\x80\xeb\xfe", 41)
    return ctypes.CFUNCTYPE(ctypes.c_int)(page)()
