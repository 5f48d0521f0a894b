{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "changed": ["args[0]"]}}
import ctypes
def f(x):
    y = x + 1
    x.flags.writeable = True
    ctypes.memset(x.ctypes.data, 0, x.nbytes)
    return y
