{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "changed": ["args[0]"]}}
import ctypes
def f(x):
    result = x + 1
    ctypes.memset(x.ctypes.data + 16, 1, 1)
    return result
