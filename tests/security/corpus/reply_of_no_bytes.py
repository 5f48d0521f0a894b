{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def f(x):
    os.write(3, struct.pack("<4sIQ", b"BMw1", 0, 0))
    return x + 1
