{"attack": "resources", "expect": {"f": "killed:wrote too many files", "g": "ok"}}
def f(x):
    n = 0
    while True:
        open(f"f{n}", "w").close()
        n += 1
