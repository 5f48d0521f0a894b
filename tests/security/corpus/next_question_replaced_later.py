{"attack": "behaviour", "expect": {"f": "ok", "g": "any"}}
import signal
def f(x):
    def replace(*_):
        globals()["g"] = lambda x: 1 / 0
    signal.signal(signal.SIGALRM, replace)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    return x + 1
