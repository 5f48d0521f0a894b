{"attack": "protocol", "expect": {"f": "any", "g": "any"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    # Keys that all begin their search at one place of the table, as far as whole numbers of 60 bits can.
    pairs = b",".join(b"[%d,1]" % (n << 40) for n in range(60_000))
    send(b'[["question","f",[{"r":["Outcome",["ok",{"d":[' + pairs + b"]}]]}]],[]]")
    return x + 1
