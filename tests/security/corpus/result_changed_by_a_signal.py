{"attack": "forging", "expect": {"f": "any", "g": "any"}}
import signal
import numpy as np
def f(x):
    y = [np.zeros(1000) for _ in range(1000)]
    def change(*_):
        y.clear()
        y.extend(["right"] * 10)
    signal.signal(signal.SIGALRM, change)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    return y
