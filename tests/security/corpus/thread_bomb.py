{"attack": "resources", "expect": {"f": "exception:RuntimeError or timeout", "g": "ok"}}
# Mostly a RuntimeError; where memory ends before the threads do, one may start and die before it says so, and is waited for.
import threading
def f(x):
    threading.stack_size(65536)
    while True:
        threading.Thread(target=threading.Event().wait).start()
