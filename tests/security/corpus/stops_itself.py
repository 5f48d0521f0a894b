{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
import os, signal
def f(x):
    os.kill(os.getpid(), signal.SIGSTOP)
