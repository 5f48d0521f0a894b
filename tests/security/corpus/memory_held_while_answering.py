{"attack": "resources", "expect": {"f": "any", "g": "any"}}
held = []
def f(x):
    size = 1 << 26
    while size:
        try:
            held.append(bytearray(size))
        except MemoryError:
            size //= 2
    return x + 1
