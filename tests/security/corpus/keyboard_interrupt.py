{"attack": "protocol", "expect": {"f": "exception:KeyboardInterrupt", "g": "ok"}}
def f(x):
    raise KeyboardInterrupt
