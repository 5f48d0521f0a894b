{"attack": "protocol", "expect": {"f": "garbled", "g": "ok"}}
import ctypes, faulthandler
def f(x):
    faulthandler.enable(3)
    ctypes.string_at(0)
