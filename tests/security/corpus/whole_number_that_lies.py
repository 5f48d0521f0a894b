{"attack": "forging", "expect": {"f": "any", "g": "ok"}}
class Lies(int):
    def __int__(self): return 10 ** 5000
    def __index__(self): return -1
    def bit_length(self): return 0
    def __abs__(self): return 0
    def __lt__(self, other): return True
def f(x):
    return [Lies(4), Lies(2), Lies(5)]
