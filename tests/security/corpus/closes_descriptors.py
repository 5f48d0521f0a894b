{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, time
def f(x):
    os.closerange(0, 1000)
    time.sleep(30)
