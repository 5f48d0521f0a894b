{"attack": "escape", "expect": {"f": "killed", "g": "ok"}}
import ctypes, mmap, os, signal
def f(x):
    # The signal that a forbidden table of calls brings cannot be caught either.
    for number in (signal.SIGSYS, signal.SIGSEGV, signal.SIGILL):
        signal.signal(number, lambda *_: os._exit(0))
    if os.uname().machine == "aarch64":
        os.kill(os.getpid(), 9)
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\xb8\x02\x00\x00\x00\x31\xdb\xcd\x80\xc3")
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
