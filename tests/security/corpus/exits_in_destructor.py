{"attack": "resources", "expect": {"f": "ok", "g": "ok"}}
import sys
class Bomb:
    def __del__(self): sys.exit(3)
def f(x):
    Bomb()
    return x + 1
