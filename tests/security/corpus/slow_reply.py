{"attack": "protocol", "expect": {"f": "timeout", "g": "ok"}}
import os, struct, time
def f(x):
    os.write(3, struct.pack("<4sIQ", b"BMw1", 100000, 0))
    while True:
        os.write(3, b"[")
        time.sleep(0.01)
