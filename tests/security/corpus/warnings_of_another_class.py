{"attack": "behaviour", "expect": {"f": "exception:RuntimeError", "g": "exception:RuntimeError"}}
import types, warnings
class Loud(types.ModuleType):
    @property
    def filters(self):
        raise RuntimeError
warnings.__class__ = Loud
def f(x):
    return x + 1
