{"attack": "forging", "expect": {"f": "any", "g": "ok"}}
class Liar(str):
    def __str__(self): return 5
    def encode(self, *_): return None
def f(x):
    return Liar("a")
