{"attack": "resources", "expect": {"f": "killed", "g": "ok"}}
import ctypes
def f(x):
    for address in range(id(f) - 4096, id(f) + 4096, 8):
        ctypes.c_int64.from_address(address).value = 0x4141414141414141
    return f(x)
