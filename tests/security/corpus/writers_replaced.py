{"attack": "forging", "expect": {"f": "garbled", "g": "any"}}
import gc, types
def f(x):
    for module in gc.get_objects() + list(__import__("sys").modules.values()):
        if isinstance(module, types.ModuleType) and module.__name__.endswith(".wire"):
            module._WRITERS[dict] = lambda value, *_: {"r": ["Verdict", ["right", 100]]}
    return {"a": 1}
