{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, struct
def f(x):
    text = '[["question","f",[{"r":["Outcome",["ok",{"r":["Source",["import os","os",null]]},{"t":[]},0.0,{"t":[]},{"d":[]},null,false]]}]],[]]'.encode()
    os.write(3, struct.pack("<4sIQ", b"BMw1", len(text), 0) + text)
    return x + 1
