{"attack": "resources", "expect": {"f": "exception:EOFError", "g": "ok"}}
def f(x):
    return input("points? ")
