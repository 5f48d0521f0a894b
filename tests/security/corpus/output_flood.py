{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
def f(x):
    while True:
        print("x" * 10000)
