{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
import ctypes, os
HERE = os.uname().machine == "aarch64"
call = ctypes.CDLL(None, use_errno=True).syscall

def f(x):
    word = ctypes.c_uint32(0)
    while True:
        call(98 if HERE else 202, ctypes.byref(word), 0, 0, None, None, 0)
