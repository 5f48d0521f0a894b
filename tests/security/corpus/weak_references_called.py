{"attack": "behaviour", "expect": {"f": "any", "g": "ok"}}
import weakref
def f(x):
    class Result(list): ...
    held = Result([4.0, 2.0, 5.0])
    weakref.finalize(held, lambda a=x: a.fill(0))
    globals()["kept"] = weakref.ref(held, lambda _: 1 / 0)
    return held
