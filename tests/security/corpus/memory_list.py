{"attack": "resources", "expect": {"f": "exception:MemoryError", "g": "ok"}}
def f(x):
    kept = [0]
    while True:
        kept = kept * 2
