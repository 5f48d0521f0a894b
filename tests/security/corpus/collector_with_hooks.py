{"attack": "forging", "expect": {"f": "ok", "g": "ok"}}
import gc
def f(x):
    gc.set_threshold(1, 1, 1)
    gc.callbacks.append(lambda *_: 1 / 0)
    gc.set_debug(gc.DEBUG_SAVEALL)
    return x + 1
