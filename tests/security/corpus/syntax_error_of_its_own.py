{"attack": "leak", "expect": {"f": "any-not-ok", "g": "ok"}}
def f(x):
    words = str(x)
    raise SyntaxError(words, ("<cell 1>", words, 3, words, 1, 1))
