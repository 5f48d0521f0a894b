{"attack": "forging", "expect": {"f": "ok!", "g": "ok"}}
import sys, gc, types
def f(x):
    for module in gc.get_objects():
        if isinstance(module, types.ModuleType) and "sandbox" in module.__name__:
            for name in ("_fingerprint", "_copy", "snapshot"):
                if hasattr(module, name):
                    setattr(module, name, lambda *a: ("forged", ()))
    return x
