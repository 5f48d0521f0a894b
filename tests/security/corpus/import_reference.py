{"attack": "leak", "expect": {"f": "exception:ModuleNotFoundError", "g": "ok"}}
import sys
def f(x):
    for module in list(sys.modules.values()):
        place = getattr(module, "__file__", None)
        if place:
            sys.path.append(place.rsplit("/", 2)[0])
            sys.path.append(place.rsplit("/", 3)[0])
    import reference
    return reference
