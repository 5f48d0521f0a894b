{"attack": "forging", "expect": {"f": "ok!", "g": "ok!"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    # Both answers before either was asked for; the true ones come too late to be read.
    for name in (b"f", b"g"):
        send(b'[["question","' + name + b'",[{"r":["Outcome",["ok",7,{"t":[]},0.0]]}]],[]]')
    return x + 1
