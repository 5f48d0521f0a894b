{"attack": "escape", "expect": {"f": "refused", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall
def numbers(*pairs):
    return [n for n in (pair[HERE] for pair in pairs) if n is not None]
def f(x):
    families = [(1, 1, 0), (1, 2, 0), (2, 1, 0), (2, 2, 0), (2, 3, 1), (10, 1, 0), (16, 3, 0), (16, 3, 9), (17, 3, 0), (38, 5, 0), (40, 1, 0)]
    got = [call(numbers((41, 198))[0], *family) for family in families]
    pair = (ctypes.c_int * 2)()
    got.append(call(numbers((53, 199))[0], 1, 1, 0, pair))
    # bind, listen, accept, connect, send, receive on descriptors that might be sockets
    return got + [call(n, fd, 0, 0, 0, 0, 0) for fd in range(5) for n in numbers((49, 200), (50, 201), (42, 203), (44, 206), (45, 207), (46, 211))]
