{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
def f(x):
    for n in range(200):
        with open(f"f{n}", "wb") as file:
            file.write(b"x" * 100_000)
    while True:
        pass
