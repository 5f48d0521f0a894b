{"attack": "forging", "expect": {"f": "any", "g": "ok"}}
import numpy as np
class Meta(type):
    def __getattribute__(cls, name): raise KeyboardInterrupt
    def __instancecheck__(cls, other): return True
class Liar(metaclass=Meta):
    def __getattribute__(self, name): raise KeyboardInterrupt
def f(x):
    return Liar()
