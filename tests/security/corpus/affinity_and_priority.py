{"attack": "resources", "expect": {"f": "exception:PermissionError", "g": "ok"}}
import os
def f(x):
    os.sched_setaffinity(0, {0})
