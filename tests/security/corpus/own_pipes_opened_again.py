{"attack": "protocol", "expect": {"f": "any", "g": "any"}}
import os
def f(x):
    # Where there is a /proc this works; it may take away replies of its own, and hurts nobody else.
    again = os.open("/proc/self/fd/3", os.O_RDWR | os.O_NONBLOCK)
    os.write(again, b"x" * 9)
    os.read(again, 9)
    return x + 1
