{"attack": "forging", "expect": {"f": "any", "g": "any"}}
import builtins, numpy as np
np.array_equal = np.allclose = np.testing.assert_array_equal = np.testing.assert_allclose = lambda *a, **k: True
np.ndarray.__class__
builtins.all = builtins.any = builtins.isinstance = lambda *a, **k: True
def f(x):
    return "anything"
