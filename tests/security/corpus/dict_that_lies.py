{"attack": "forging", "expect": {"f": "any", "g": "ok"}}
class Liar(dict):
    def items(self): return [(object(), self)]
    def __iter__(self): return iter([1, "a"])
    def __getitem__(self, key): raise SystemExit
def f(x):
    return Liar(a=1)
