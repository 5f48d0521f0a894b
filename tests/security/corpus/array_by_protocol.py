{"attack": "forging", "expect": {"f": "exception:TypeError", "g": "ok"}}
class Sneaky:
    __array_priority__ = 1e9
    def __array__(self, *args, **kwargs):
        raise SystemExit("asked")
    def __array_ufunc__(self, *args, **kwargs):
        return True
    def __array_function__(self, *args, **kwargs):
        return True
    @property
    def __class__(self):
        return float
    def __eq__(self, other):
        return True
    __hash__ = None
def f(x):
    return Sneaky()
