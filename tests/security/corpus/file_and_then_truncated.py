{"attack": "resources", "expect": {"f": "any", "g": "ok"}}
def f(x):
    for n in range(100):
        with open("same", "wb") as file:
            file.write(b"x" * (8 << 20))
    return x + 1
