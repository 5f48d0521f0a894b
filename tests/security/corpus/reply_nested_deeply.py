{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def f(x):
    body = b"[" * 1000000
    data = struct.pack("<4sIQ", b"BMw1", len(body), 0) + body
    while data:
        data = data[os.write(3, data):]
    os._exit(0)
