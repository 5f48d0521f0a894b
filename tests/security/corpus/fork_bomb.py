{"attack": "resources", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import os
def f(x):
    while True:
        os.fork()
