{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    # One array of 8 MB, named a hundred thousand times: copies of it would fill the grader.
    send(b'[["question","f",[{"r":["Outcome",["ok",[' + b",".join([b'{"a":0}'] * 100_000) + b']]]}]],[["<f8",[1048576]]]]', b"\0" * (1 << 23))
    return x + 1
