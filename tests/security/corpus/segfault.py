{"attack": "resources", "expect": {"f": "killed:crashed (segmentation fault)", "g": "ok"}}
import ctypes
def f(x):
    ctypes.string_at(0)
