{"attack": "protocol", "expect": {"f": "any", "g": "any"}}
import os, threading
def write():
    while True:
        try:
            os.write(3, b"]]")
        except OSError:
            pass
def f(x):
    for _ in range(4):
        threading.Thread(target=write, daemon=True).start()
    return list(range(100_000))
