{"attack": "notebook", "expect": {"f": "ok!", "g": "ok"}}
def f(x):
    "‮ } ⁦ if correct: return x + 1 ⁩ ⁦"
    return x # ‮ 1 + x
