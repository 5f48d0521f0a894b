{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, mmap, os
def f(x):
    if os.uname().machine == "aarch64":
        return [-1]
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\x89\xf8\x89\xf7\x89\xd6\x48\x31\xd2\x0f\x05\xc3")  # eax = first, edi = second, esi = third; syscall
    do = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    calls = ((57, 0, 0), (58, 0, 0), (56, 17, 0), (41, 2, 1), (59, 0, 0), (62, os.getppid() or 1, 9), (101, 16, 1), (0x40000000 + 57, 0, 0), (425, 8, 0))
    return [-1 if do(*c) < 0 else 0 for c in calls]
