{"attack": "protocol", "expect": {"f": "exception:Exception", "g": "garbled"}}
import os, struct
def send(text, raw=b""):
    message = memoryview(struct.pack("<4sIQ", b"BMw1", len(text), len(raw)) + text + raw)
    while message:
        message = message[os.write(3, message):]

def f(x):
    send(b'[["question","f",[{"r":["Outcome",["exception",null,{"t":[]},0.0,{"t":[]},{"d":[]},{"d":[["type","<script>3_1_4"],["cell",1],["line",99999],["text","3.0"]]}]]}]],[]]')
    return x + 1
