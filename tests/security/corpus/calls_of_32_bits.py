{"attack": "escape", "expect": {"f": "killed:ended by signal 31", "g": "ok"}}
import ctypes, mmap, os
def f(x):
    if os.uname().machine == "aarch64":
        os.kill(os.getpid(), 31)
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(b"\xb8\x02\x00\x00\x00\xcd\x80\xc3")  # mov eax, 2 (fork); int 0x80; ret
    start = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_int)(start)()
