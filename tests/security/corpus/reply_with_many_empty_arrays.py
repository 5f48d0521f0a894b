{"attack": "protocol", "expect": {"f": "any", "g": "any"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    send(b'[["question","f",[{"r":["Outcome",["ok",[{"a":0}]]]}]],[' + b",".join([b'["<f8",[0,9223372036854775807]]'] * 100_000) + b"]]")
    return x + 1
