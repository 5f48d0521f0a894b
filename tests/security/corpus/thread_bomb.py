{"attack": "resources", "expect": {"f": "exception:RuntimeError", "g": "ok"}}
import threading
def f(x):
    threading.stack_size(65536)
    while True:
        threading.Thread(target=threading.Event().wait).start()
