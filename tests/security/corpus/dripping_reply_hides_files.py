{"attack": "resources", "expect": {"f": "killed:wrote too many files", "g": "ok"}}
import os, struct, time
# Announces a message of 4 MB and sends a byte of it now and then: whoever reads must look at the files all the same.
def f(x):
    os.write(3, struct.pack("<4sIQ", b"BMw1", 4 << 20, 0))
    block = b"x" * (1 << 20)
    for n in range(20):
        try:
            with open(f"f{n}", "wb", buffering=0) as file:
                for _ in range(16):
                    file.write(block)
                    os.write(3, b" ")
        except OSError:
            pass
    while True:
        time.sleep(0.002)
        os.write(3, b" ")
