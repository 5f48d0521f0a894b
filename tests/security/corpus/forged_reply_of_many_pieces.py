{"attack": "resources", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def f(x):
    text = b'[["question","f",[{"r":["Outcome",["ok",[' + b"1," * 500_000 + b'1],{"t":[]},0.0,{"t":[]},{"d":[]},null,false]]}]],[]]'
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), 0) + text)
    while message:
        message = message[os.write(3, message):]
    return x + 1
