{"attack": "forging", "expect": {"f": "ok", "g": "ok", "fact": ["", "subclass"]}}
import numpy as np
class Refusing(np.ndarray):
    base = dtype = shape = None
    def refuse(self, *_, **__):
        raise RuntimeError
    __array__ = __array_ufunc__ = __array_function__ = tobytes = copy = view = astype = refuse
def f(x):
    return (x + 1).view(Refusing)
