{"attack": "resources", "expect": {"f": "exception:OSError", "g": "ok"}}
def f(x):
    with open("huge", "wb") as file:
        while True:
            file.write(b"x" * (1 << 20))
