{"attack": "protocol", "expect": {"f": "garbled", "g": "garbled"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

send(b'[["cell",1,"ok",null],[]]')
send(b'[["question","f",[{"r":["Outcome",["ok",7]]}]],[]]')
def f(x):
    return x + 1
