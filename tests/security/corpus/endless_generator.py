{"attack": "resources", "expect": {"f": "ok!", "g": "ok"}}
def f(x):
    while True:
        yield 1
