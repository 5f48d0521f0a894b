{"attack": "forging", "expect": {"f": "any-not-ok", "g": "ok"}}
class Liar(list):
    def __len__(self): return -1
    def __iter__(self):
        while True:
            yield self
def f(x):
    return Liar([1])
