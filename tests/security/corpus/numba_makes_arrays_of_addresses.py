{"attack": "forging", "packages": ["numpy", "numba"], "expect": {"f": "any-not-ok", "g": "ok"}}
from numba import carray, njit, types
from numba.extending import intrinsic
@intrinsic
def pointer(context, address):
    return types.CPointer(types.float64)(types.int64), lambda c, b, s, a: b.inttoptr(a[0], c.get_value_type(s.return_type))
@njit
def read(address):
    return carray(pointer(address), (1 << 20,)).copy()
def f(x):
    return read(0x1000)
