{"attack": "protocol", "expect": {"f": "any-not-ok", "g": "any"}}
import fcntl, os
def f(x):
    fcntl.fcntl(3, fcntl.F_SETFL, os.O_NONBLOCK)
    try:
        while True:
            os.write(3, b"BMw1" + b"\0" * 4092)
    except BlockingIOError:
        pass
    return x + 1
