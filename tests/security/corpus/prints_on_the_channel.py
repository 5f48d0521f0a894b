{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import os, sys
class Both:
    def write(self, text):
        os.write(3, text.encode())
        os.write(1, text.encode())
    def flush(self): ...
def f(x):
    sys.stdout = sys.stderr = Both()
    print('["question","f",[]]')
    return x + 1
