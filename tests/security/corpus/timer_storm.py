{"attack": "resources", "expect": {"f": "any", "g": "ok"}}
import signal, time
def f(x):
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 1e-5, 1e-5)
    time.sleep(0.2)
    return x + 1
