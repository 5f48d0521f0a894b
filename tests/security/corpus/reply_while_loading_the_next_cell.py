{"attack": "protocol", "expect": {"f": "garbled", "g": "garbled"}}
import os, struct
text = b'[["cell",2,"ok",null],[]]'
os.write(3, struct.pack("<4sIQ", b"BMw1", len(text), 0) + text)
def f(x):
    return x + 1
