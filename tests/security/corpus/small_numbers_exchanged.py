{"attack": "forging", "expect": {"f": "any", "g": "any"}}
import ctypes
def f(x):
    # 1 is now 100 everywhere in this interpreter.
    ctypes.c_uint32.from_address(id(1) + int.__basicsize__).value = 100
    return x
