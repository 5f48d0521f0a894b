{"attack": "forging", "expect": {"f": "ok!", "g": "ok", "fact": ["", "subclass"]}}
import numpy as np
class False_(np.ndarray):
    shape = nbytes = ndim = size = property(lambda self: 0)
    def __array__(self, *args, **kwargs): raise SystemExit
    def __len__(self): return -1
    def __iter__(self): raise SystemExit
    def tolist(self): return "right"
    def astype(self, *args, **kwargs): return "right"
def f(x):
    return np.zeros(3).view(False_)
