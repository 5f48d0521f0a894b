{"attack": "protocol", "expect": {"f": "ok!", "g": "garbled"}}
import os, struct
def f(x):
    text = b'[["question","f",[{"r":["Outcome",["ok",7,{"t":[]},0.0,{"t":[]},{"d":[]},null,true]]}]],[]]'
    message = struct.pack("<4sIQ", b"BMw1", len(text), 0) + text
    os.write(3, message * 3)
    return x + 1
