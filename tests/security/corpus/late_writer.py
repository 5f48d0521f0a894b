{"attack": "protocol", "expect": {"f": "any", "g": "any"}}
import os, signal, struct
def f(x):
    def write(*_):
        os.write(3, struct.pack("<4sIQ", b"BMw1", 3, 0) + b"[1]")
    signal.signal(signal.SIGALRM, write)
    signal.setitimer(signal.ITIMER_REAL, 1e-3, 1e-3)
    return x + 1
