{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    fcntl, ioctl = (25, 29) if HERE else (72, 16)
    # owner and signal, lease, notices, size of a pipe, seals, hints; locks of open files are no harm and not let through
    commands = (8, 9, 10, 11, 15, 16, 36, 37, 38, 1024, 1025, 1026, 1027, 1029, 1031, 1033, 1034, 1035, 1036, 1037, 1038)
    # typing on a terminal, controlling it, signals on input, flags of files, clones of files, namespaces, devices
    requests = (0x5412, 0x540E, 0x5422, 0x5452, 0x8901, 0x8902, 0x40086602, 0x40049409, 0xC0189436, 0xC020660B, 0xB701, 0x1277, 0x5385, 0x541D, 0x80045430)
    got = [call(fcntl, fd, ctypes.c_long(c | high), 1 << 20) for fd in (0, 1, 3) for c in commands for high in (0, 1 << 32)]
    return got + [call(ioctl, fd, ctypes.c_long(r | high), ctypes.create_string_buffer(64)) for fd in (0, 1, 3) for r in requests for high in (0, 1 << 32)]
