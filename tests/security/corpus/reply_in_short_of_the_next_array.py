{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def f(x):
    text = '[["question","f",[[{"a":1}]]],[["<f8",[3]],["<f8",[3]]]]'.encode()
    os.write(3, struct.pack("<4sIQ", b"BMw1", len(text), 48) + text + bytes(48))
    return x + 1
