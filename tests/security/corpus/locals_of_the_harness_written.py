{"attack": "forging", "expect": {"f": "any-not-ok", "g": "any"}}
import ctypes, sys
def f(x):
    frame = sys._getframe(1)
    frame.f_locals.update(status="right", value="right", started="never", changed=("args[9]",))
    ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
    return x
