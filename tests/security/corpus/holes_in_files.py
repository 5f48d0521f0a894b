{"attack": "resources", "expect": {"f": "killed:wrote too many files", "g": "ok"}}
def f(x):
    for n in range(400):
        with open(f"h{n}", "wb") as file:
            file.truncate(15 << 20)
    return x + 1
