{"attack": "resources", "expect": {"f": "killed:ended by signal 14", "g": "ok"}}
import signal, time
def f(x):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    time.sleep(30)
