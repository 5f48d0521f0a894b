{"attack": "forging", "expect": {"f": "foreign:EqualToAll", "g": "ok"}}
class EqualToAll:
    def __eq__(self, other):
        return True
    def __array__(self, *a, **k):
        return 1 / 0
    __hash__ = None
    __len__ = __iter__ = __float__ = lambda self: 1
def f(x):
    return EqualToAll()
