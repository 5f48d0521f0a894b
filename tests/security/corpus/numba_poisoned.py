{"attack": "escape", "packages": ["numpy", "numba"], "expect": {"f": "ok!", "g": "ok"}}
import numba, numba.core.dispatcher, numba.core.registry
numba.njit = numba.jit = lambda *a, **k: (lambda g: g) if not a or not callable(a[0]) else (lambda *x: 7)
numba.core.dispatcher.Dispatcher.__call__ = lambda *a: 7
numba.config.DISABLE_JIT = True
def f(x):
    return numba.njit(lambda y: y)(x)
