{"attack": "forging", "expect": {"f": "ok!", "g": "ok", "fact": ["", "subclass"]}}
import numpy as np
class Equal(np.ndarray):
    def __eq__(self, other):
        return np.ones(self.shape, bool)
    def __array_finalize__(self, obj): ...
    def __array_ufunc__(self, *a, **k):
        return True
    def __array_function__(self, *a, **k):
        return True
def f(x):
    return np.zeros(3).view(Equal)
