{"attack": "notebook", "expect": {"f": "any-not-ok", "g": "ok"}}
import numpy as np
class Evil:
    def __reduce__(self): return __import__("os").abort, ()
def f(x):
    # What is pickled runs where it is read: nobody but this process does.
    np.save("evil.npy", np.array([Evil()], object), allow_pickle=True)
    return np.load("evil.npy", allow_pickle=True)
