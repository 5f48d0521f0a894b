{"attack": "resources", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import os
def f(x):
    open("here", "w").close()
    os.unlink("here")
