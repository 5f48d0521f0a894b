{"attack": "resources", "expect": {"f": "any-not-ok", "g": "ok"}}
def f(x):
    deep = []
    for _ in range(1_000_000):
        deep = [deep]
    return repr(deep)
