{"attack": "behaviour", "expect": {"f": "ok", "g": "ok"}}
import os
assert not os.path.exists("left-over")
open("left-over", "w").write("for the next one")
def f(x):
    return x + 1
