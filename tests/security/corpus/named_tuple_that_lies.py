{"attack": "forging", "expect": {"f": "ok!", "g": "ok", "fact": ["", "subclass"]}}
from collections import namedtuple
class Both(namedtuple("Both", "a b")):
    __slots__ = ()
    def __eq__(self, other): return True
    def __len__(self): return 3
    __hash__ = None
def f(x):
    return Both(x, 100)
