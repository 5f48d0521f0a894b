{"attack": "resources", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    page = ctypes.create_string_buffer(8192)
    got = [call(n, page, 4096, 0) for n in numbers((149, 228), (151, 230), (325, 284))]
    madvise = numbers((28, 233))[0]
    return got + [call(madvise, ctypes.c_void_p(ctypes.addressof(page) & ~4095), 4096, advice) for advice in (100, 101)]
