{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    send('[["question","f",[{"r":["Outcome",["ok",7]]}]],[]]'.encode("utf-16"))
    return x + 1
