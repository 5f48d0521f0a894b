{"attack": "resources", "expect": {"f": "any", "g": "any"}}
import signal
def f(x):
    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 2e-4, 2e-4)
    return [x + 1] * 1000
