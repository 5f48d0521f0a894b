{"attack": "resources", "expect": {"f": "any", "g": "ok"}}
import os, gc
class Bomb:
    def __del__(self): os._exit(0)
def f(x):
    Bomb()
    return x + 1
