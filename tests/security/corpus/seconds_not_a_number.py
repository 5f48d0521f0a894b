{"attack": "forging", "expect": {"f": "ok!", "g": "garbled"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    send(b'[["question","f",[{"r":["Outcome",["ok",7,{"t":[]},{"f":"nan"}]]}]],[]]')
    return x + 1
