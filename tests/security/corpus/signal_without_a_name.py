{"attack": "resources", "expect": {"f": "killed:ended by signal 40", "g": "ok"}}
import os
def f(x):
    os.kill(os.getpid(), 40)
