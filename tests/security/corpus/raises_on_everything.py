{"attack": "protocol", "expect": {"f": "exception", "g": "ok"}}
class Spoilt(BaseException):
    def __str__(self):
        raise SystemExit
    __repr__ = __str__
def f(x):
    raise Spoilt
