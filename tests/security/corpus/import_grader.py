{"attack": "leak", "expect": {"f": "exception:ModuleNotFoundError", "g": "ok"}}
def f(x):
    import autograder
    return autograder
