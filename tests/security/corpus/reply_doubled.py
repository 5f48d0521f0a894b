{"attack": "protocol", "expect": {"f": "ok!", "g": "garbled"}}
import os, struct
def f(x):
    text = b'[["question","f",[{"r":["Outcome",["ok",7,{"t":[]},{"t":[]},{"d":[]},null,0.0,true]]}]],[]]'
    message = struct.pack("<4sIQ", b"BMw1", len(text), 0) + text
    os.write(3, message * 3)
    return x + 1
