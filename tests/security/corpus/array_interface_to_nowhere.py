{"attack": "forging", "expect": {"f": "foreign:Nowhere", "g": "ok"}}
class Nowhere:
    __array_interface__ = {"shape": (3,), "typestr": "<f8", "data": (16, False), "version": 3}
def f(x):
    return Nowhere()
