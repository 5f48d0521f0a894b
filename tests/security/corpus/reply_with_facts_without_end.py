{"attack": "protocol", "expect": {"f": "ok!", "g": "garbled"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    facts = b",".join([b'{"t":["' + b"['a']" * 16 + b'","numpy datetime64\xe2\x80\xaenever"]}'] * 9_000)
    send(b'[["question","f",[{"r":["Outcome",["ok",7,{"t":[' + facts + b"]}]]}]],[]]")
    return x + 1
