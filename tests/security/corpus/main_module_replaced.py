{"attack": "notebook", "expect": {"f": "any", "g": "any"}}
import sys, types
sys.modules["__main__"] = types.ModuleType("__main__")
sys.modules.clear()
sys.path[:], sys.meta_path[:], sys.path_hooks[:] = [], [], []
def f(x):
    return x + 1
