{"attack": "resources", "expect": {"f": "killed:wrote too many files", "g": "ok"}}
def f(x):
    n = 0
    while True:
        with open(f"f{n}", "wb") as file:
            file.write(b"x" * (1 << 20))
        n += 1
