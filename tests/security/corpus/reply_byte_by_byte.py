{"attack": "protocol", "expect": {"f": "timeout", "g": "ok"}}
import os, time
def f(x):
    for byte in b"BMw1" * 1000:
        os.write(3, bytes([byte]))
        time.sleep(0.3)
