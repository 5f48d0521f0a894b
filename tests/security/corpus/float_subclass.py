{"attack": "forging", "expect": {"f": "ok!", "g": "ok", "fact": ["", "subclass"]}}
class Right(float):
    __eq__ = lambda self, other: True
    __lt__ = __gt__ = __le__ = __ge__ = __eq__
    __hash__ = float.__hash__
def f(x):
    return Right(0.5)
