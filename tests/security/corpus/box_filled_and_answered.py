{"attack": "resources", "expect": {"f": "ok", "g": "ok"}}
import os
os.umask(0o777)
def f(x):
    for n in range(200):
        os.close(os.open(f".f{n}" + "n" * 240, os.O_CREAT | os.O_WRONLY, 0o6777))
    return x + 1
