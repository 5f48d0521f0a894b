{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os
def f(x):
    for number in range(64):
        try:
            os.write(number, b"all right, full marks" * 100)
        except OSError:
            pass
    return x + 1
