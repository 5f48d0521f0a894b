{"attack": "leak", "expect": {"f": "exception:ModuleNotFoundError", "g": "ok", "note": "scipy is not available when grading this assignment; allowed: numpy."}}
def f(x):
    import numpy.not_there
import scipy.signal
