{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    shape = b",".join([b"4294967296"] * 32)
    send(b'[["question","f",[{"r":["Outcome",["ok",{"a":0}]]}]],[["<f8",[' + shape + b"]]]]", b"\0" * 8)
    return x + 1
