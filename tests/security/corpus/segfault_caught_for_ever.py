{"attack": "resources", "expect": {"f": "timeout", "g": "ok"}}
import ctypes, signal
def f(x):
    signal.signal(signal.SIGSEGV, lambda *_: None)
    ctypes.string_at(0)
