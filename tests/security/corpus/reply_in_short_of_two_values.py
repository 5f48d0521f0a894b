{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def f(x):
    text = '[["question","f",[[1.0,2.0]]],[]]'.encode()
    os.write(3, struct.pack("<4sIQ", b"BMw1", len(text), 0) + text + b'')
    return x + 1
