{"attack": "notebook", "expect": {"f": "any", "g": "ok"}}
table = {"a": -1, "b": [1, 2, (3, 4)] , "c": "x" * 3}
big = 9 ** 9 ** 7 if False else 1
f = lambda x, huge=(1 << 30_000_000): x + 1
