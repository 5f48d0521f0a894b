{"attack": "resources", "expect": {"f": "any-not-ok", "g": "ok"}}
import threading
def f(x):
    threading.stack_size(1 << 30)
    held = []
    while True:
        held.append(threading.Thread(target=threading.Event().wait, daemon=True))
        held[-1].start()
