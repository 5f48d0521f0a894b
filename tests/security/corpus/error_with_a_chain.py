{"attack": "leak", "expect": {"f": "exception:ZeroDivisionError", "g": "ok"}}
def f(x):
    try:
        raise type(f"E{x}", (Exception,), {"__module__": str(x), "__qualname__": str(x), "__str__": lambda self: str(x)})(x)
    except Exception as first:
        first.__notes__ = [str(x)]
        raise ZeroDivisionError(str(x)) from first
