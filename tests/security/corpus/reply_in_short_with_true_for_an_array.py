{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def f(x):
    text = '[["question","f",[[{"a":false}]]],[["<f8",[3]]]]'.encode()
    os.write(3, struct.pack("<4sIQ", b"BMw1", len(text), 24) + text + bytes(24))
    return x + 1
