{"attack": "resources", "expect": {"f": "ok", "g": "ok"}}
class Loud:
    def __del__(self): raise ValueError("x" * 10_000)
def f(x):
    for _ in range(3000):
        Loud()
    return x + 1
