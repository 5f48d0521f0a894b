{"attack": "notebook", "expect": {"f": "exception:ZeroDivisionError", "g": "ok"}}
text = "a b cde"
def f(x):
    1 / 0
