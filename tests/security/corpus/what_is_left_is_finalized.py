{"attack": "behaviour", "expect": {"f": "ok", "g": "ok", "changed": ["args[0]"]}}
class Left:
    def __init__(self, x): self.x = x
    def __del__(self): self.x[:] = 9
def f(x):
    y, left = x + 1, Left(x)
    return y
