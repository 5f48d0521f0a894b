{"attack": "leak", "expect": {"f": "ok!", "g": "ok", "value": [0, 1, 2, 3]}}
import os
def f(x):
    found = []
    for descriptor in range(4096):
        try:
            os.fstat(descriptor)
            found.append(descriptor)
        except OSError:
            pass
    return found
