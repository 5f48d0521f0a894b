{"attack": "resources", "expect": {"f": "refused", "g": "ok"}}
import resource
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    held = (ctypes.c_uint64 * 2)(1 << 60, 1 << 60)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype, libc.mmap.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_ssize_t)
    # An address whose lower half is nothing: a filter that looks at one half takes it for none.
    even = libc.mmap(1 << 33, 4096, 3, 0x22 | 0x10, -1, 0)
    ctypes.memmove(even, held, 16)
    prlimit = 261 if HERE else 302
    got = [call(prlimit, pid, what, ctypes.c_void_p(new), None) for pid in (0, os.getpid(), os.getppid()) for what in range(16) for new in (ctypes.addressof(held), even)]
    for what in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE):
        try:
            resource.setrlimit(what, (0, 0))
            got.append(0)
        except (OSError, ValueError):
            got.append(-1)
    return got
