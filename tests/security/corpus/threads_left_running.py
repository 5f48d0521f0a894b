{"attack": "resources", "expect": {"f": "any", "g": "ok"}}
import threading
def spin():
    while True:
        pass
def f(x):
    for _ in range(8):
        threading.Thread(target=spin).start()
    return x + 1
