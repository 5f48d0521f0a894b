{"attack": "escape", "expect": {"f": "exception:PermissionError|FileNotFoundError|OSError", "g": "ok"}}
from multiprocessing import shared_memory
def f(x):
    held = shared_memory.SharedMemory("backmark-was-here", create=True, size=1 << 20)
    return held.size
