{"attack": "protocol", "expect": {"f": "killed", "g": "ok"}}
import os, struct
def f(x):
    os.write(3, struct.pack("<4sIQ", b"BMw1", 1000, 1000) + b"[")
    os._exit(0)
