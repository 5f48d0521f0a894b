{"attack": "resources", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = libc.mremap.restype = ctypes.c_ssize_t
    libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_ssize_t)
    libc.mremap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)
    page = libc.mmap(None, 4096, 3, 0x22, -1, 0)
    brk = 214 if HERE else 12
    # mremap to more than there may be, huge pages, memory that grows downwards
    got = [libc.mremap(page, 4096, 1 << 34, 1), libc.mmap(None, 1 << 33, 3, 0x40022, -1, 0), libc.mmap(None, 1 << 33, 3, 0x4122, -1, 0)]
    return got + [-1 if call(brk, ctypes.c_void_p(1 << 46)) != 1 << 46 else 0]
