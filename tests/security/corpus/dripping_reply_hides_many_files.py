{"attack": "resources", "expect": {"f": "killed:wrote too many files", "g": "ok"}}
import os, struct, time
def f(x):
    os.write(3, struct.pack("<4sIQ", b"BMw1", 4 << 20, 0))
    for n in range(3000):
        try:
            os.close(os.open(f"f{n}", os.O_CREAT | os.O_WRONLY))
        except OSError:
            pass
        os.write(3, b" ")
    while True:
        time.sleep(0.002)
        os.write(3, b" ")
