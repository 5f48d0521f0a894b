{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def f(x):
    os.write(3, struct.pack("<4sIQ", b"BMw1", 1 << 31, 1 << 62))
    while True:
        os.write(3, b"x" * 100000)
