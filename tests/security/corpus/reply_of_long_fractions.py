{"attack": "protocol", "expect": {"f": "ok!", "g": "garbled"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    # Numbers that take long to round correctly.
    send(b'[["question","f",[{"r":["Outcome",["ok",[' + b",".join([b"0." + b"1" * 40_000 + b"e-300"] * 100) + b"]]]}]],[]]")
    return x + 1
