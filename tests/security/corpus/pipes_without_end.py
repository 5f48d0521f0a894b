{"attack": "resources", "expect": {"f": "exception:OSError", "g": "ok"}}
import os
def f(x):
    held = []
    while True:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        os.write(writing, b"x" * 60000)
        held.append((reading, writing))
